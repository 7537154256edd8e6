/**
 * Where a search term stands in lines that were not chosen by it. Such lines come without hits of the
 * gateway, so the page looks for the term itself.
 *
 * The gateway searches in linear time, a browser does not: how much of a line is searched depends on
 * how many ways the pattern has to match, and a pattern with too many is not looked for.
 */

import { styledRuns } from './ansi.js';
import { FOLDED_LENGTH } from './segments.js';

/** @import { StyledRun } from './ansi.js' */

/** The most places that are marked in a line. */
const MAX_HITS = 32;
/** The most steps that a line may take: a screen draws a hundred lines, more with an unfolded trace. */
const MAX_STEPS = 2e6;
/** The least part of a line that is worth a search, in UTF-16 units. */
const LEAST = 40;
/** What only the browser knows, or means otherwise than the gateway: groups with a mark, and references. */
const FOREIGN = /\(\?(?!:)|\\[1-9kpP]/;
/** What means less in a browser: letters and digits of ASCII alone. */
const OF_ASCII = /\\[wWdDbB]/;
/** What looks at what is behind a hit. */
const LOOKS_BEHIND = /\$|\\[bB]/;

/**
 * @param {string} pattern A regular expression as the gateway takes it; empty for none.
 * @returns {(text: string) => number[][] | null} The places in a line, in UTF-16 units, in order.
 */
export function finder(pattern) {
  const isBlind = pattern.startsWith('(?i)');
  const searched = isBlind ? pattern.slice(4) : pattern;
  const length = searchedLength(searched);
  const expression = length < LEAST ? null : compiled(searched, isBlind ? 'giu' : 'gu');
  if (!expression) return () => null;
  const [isOfAscii, looksBehind] = [OF_ASCII, LOOKS_BEHIND].map((part) => part.test(searched));
  return (text) => {
    const line = text.slice(0, FOLDED_LENGTH);
    const runs = styledRuns(line);
    const whole = runs.map(({ from, to }) => line.slice(from, to)).join('');
    const plain = whole.slice(0, length);
    if (isOfAscii && !isAscii(plain)) return null;
    const isCut = line.length < text.length || plain.length < whole.length;
    const hits = [];
    for (const found of plain.matchAll(expression)) {
      if (hits.length === MAX_HITS) break;
      const end = found.index + found[0].length;
      // It may be the end of no word, and of no line.
      if (isCut && looksBehind && end === plain.length) break;
      if (end > found.index) hits.push([placeIn(runs, found.index), placeIn(runs, end - 1) + 1]);
    }
    return hits;
  };
}

/** How much of a line is searched for a pattern, in UTF-16 units. @param {string} pattern */
function searchedLength(pattern) {
  if (pattern === '' || FOREIGN.test(pattern)) return 0;
  const bare = pattern.replace(/\\./gs, 'x').replace(/\[[^\]]*\]/g, 'x').replaceAll('(?:', '(');
  if (/\)[*+{]/.test(bare)) return 0;
  const loops = bare.match(/[*+{]/g)?.length ?? 0;
  const branches = bare.match(/[?|]/g)?.length ?? 0;
  return Math.min(FOLDED_LENGTH, (MAX_STEPS / 2 ** branches) ** (1 / (1 + loops)));
}

/** @param {string} text */
function isAscii(text) {
  return !/[\u0080-\uffff]/.test(text);
}

/** @param {string} pattern @param {string} flags */
function compiled(pattern, flags) {
  try {
    // The gateway's patterns may escape more than those of a browser.
    return new RegExp(pattern.replace(/\\([#&~\- ])/g, (_, mark) => `\\x${mark.charCodeAt(0).toString(16)}`), flags);
  } catch {
    return null;
  }
}

/** A place in the visible text as one in the line. @param {StyledRun[]} runs @param {number} place */
function placeIn(runs, place) {
  let before = 0;
  for (const { from, to } of runs) {
    if (place < before + to - from) return from + place - before;
    before += to - from;
  }
  return runs[runs.length - 1].to;
}
