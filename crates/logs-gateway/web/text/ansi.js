/**
 * Escape sequences of terminals (ECMA-48): colours and weights are kept, all else is left to be
 * shown as it stands.
 */

/**
 * @typedef {object} StyledRun
 * @property {number} from In UTF-16 units of the line.
 * @property {number} to
 * @property {string} style Names of CSS classes, separated by blanks; empty if plain.
 */

/** The most runs of one line; the rest of a line with more is plain. */
const MAX_RUNS = 400;

// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[([0-9;:]*)m/g;

/**
 * Splits a line into runs of one style. The sequences themselves are in no run.
 *
 * @param {string} text
 * @returns {StyledRun[]}
 */
export function styledRuns(text) {
  if (!text.includes('\u001b[')) return [{ from: 0, to: text.length, style: '' }];
  /** @type {StyledRun[]} */
  const runs = [];
  const state = new SgrState();
  let from = 0;
  const push = (/** @type {number} */ to) => {
    if (to > from) runs.push({ from, to, style: state.classes() });
  };
  for (const found of text.matchAll(SEQUENCE)) {
    if (runs.length >= MAX_RUNS) break;
    push(found.index);
    state.apply(found[1]);
    from = found.index + found[0].length;
  }
  push(text.length);
  return runs;
}

/** A line without the sequences that colour it. @param {string} text */
export function withoutColours(text) {
  return text.replace(SEQUENCE, '');
}

/** What "select graphic rendition" has selected so far. */
class SgrState {
  constructor() {
    /** @type {string} */ this.foreground = '';
    /** @type {string} */ this.background = '';
    /** @type {Set<string>} */ this.marks = new Set();
  }

  classes() {
    return [this.foreground, this.background, ...this.marks].filter(Boolean).join(' ');
  }

  /** @param {string} parameters */
  apply(parameters) {
    const codes = parameters.split(/[;:]/).map(Number);
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at];
      if (code === 38 || code === 48) {
        const [colour, used] = extended(codes, at + 1);
        if (code === 38) this.foreground = colour && `fg-${colour}`;
        else this.background = colour && `bg-${colour}`;
        at += used;
      } else {
        this.applyOne(code);
      }
    }
  }

  /** @param {number} code */
  applyOne(code) {
    if (code === 0) this.reset();
    else if (MARKS.has(code)) this.marks.add(/** @type {string} */ (MARKS.get(code)));
    else if (UNMARKS.has(code)) UNMARKS.get(code)?.forEach((mark) => this.marks.delete(mark));
    else if (code >= 30 && code <= 37) this.foreground = `fg-${code - 30}`;
    else if (code >= 90 && code <= 97) this.foreground = `fg-${code - 82}`;
    else if (code === 39) this.foreground = '';
    else if (code >= 40 && code <= 47) this.background = `bg-${code - 40}`;
    else if (code >= 100 && code <= 107) this.background = `bg-${code - 92}`;
    else if (code === 49) this.background = '';
  }

  reset() {
    this.foreground = '';
    this.background = '';
    this.marks.clear();
  }
}

const MARKS = new Map([
  [1, 'bold'],
  [2, 'faint'],
  [3, 'italic'],
  [4, 'underline'],
  [9, 'struck'],
]);

const UNMARKS = new Map([
  [22, ['bold', 'faint']],
  [23, ['italic']],
  [24, ['underline']],
  [29, ['struck']],
]);

/**
 * A colour of 256 or of 24 bits, as the nearest of the sixteen that both schemes have.
 *
 * @param {number[]} codes
 * @param {number} at Behind 38 or 48.
 * @returns {[string, number]} The colour, and how many codes it took.
 */
function extended(codes, at) {
  if (codes[at] === 5) return [nearestOf256(codes[at + 1] ?? 0), 2];
  if (codes[at] === 2) {
    return [nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4];
  }
  return ['', codes.length];
}

/** @param {number} index */
function nearestOf256(index) {
  if (index < 16) return String(index);
  if (index >= 232) return nearest(...grey(index));
  const cube = index - 16;
  const level = (/** @type {number} */ step) => (step === 0 ? 0 : 55 + 40 * step);
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** @param {number} index @returns {[number, number, number]} */
function grey(index) {
  const value = 8 + 10 * (index - 232);
  return [value, value, value];
}

/** @param {number} red @param {number} green @param {number} blue */
function nearest(red, green, blue) {
  const most = Math.max(red, green, blue);
  if (most - Math.min(red, green, blue) < 32) {
    return most < 64 ? '0' : most < 150 ? '8' : most < 220 ? '7' : '15';
  }
  const bit = (/** @type {number} */ part, /** @type {number} */ value) => (part > most / 2 ? value : 0);
  const hue = bit(red, 1) + bit(green, 2) + bit(blue, 4);
  return String(most > 200 ? hue + 8 : hue);
}
