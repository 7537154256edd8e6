/** A line as a list of texts with styles, ready to become text nodes. */

import { styledRuns } from './ansi.js';
import { visibleParts } from './escape.js';

/**
 * @typedef {object} Segment
 * @property {string} text
 * @property {string} style Names of CSS classes; empty if plain.
 */

/** How much of a line a row shows before it is unfolded, in UTF-16 units. */
export const FOLDED_LENGTH = 4000;
/** How much of a line is shown at all. A download has the rest. */
export const SHOWN_LENGTH = 200_000;

/**
 * @typedef {object} Mark
 * @property {number} from In UTF-16 units of the line.
 * @property {number} to
 * @property {string} style
 */

/**
 * @param {string} text
 * @param {Mark[]} marks In order, without overlaps.
 * @returns {Segment[]}
 */
export function segments(text, marks) {
  /** @type {Segment[]} */
  const found = [];
  for (const run of styledRuns(text)) {
    for (const piece of cut(run, marks)) {
      for (const part of visibleParts(text.slice(piece.from, piece.to))) {
        const style = part.isGlyph ? `${piece.style} glyph`.trim() : piece.style;
        found.push({ text: part.text, style });
      }
    }
  }
  return found;
}

/**
 * Cuts a run at the marks in it.
 *
 * @param {Mark} run
 * @param {Mark[]} marks
 * @returns {Mark[]}
 */
function cut(run, marks) {
  const pieces = [];
  let at = run.from;
  for (const mark of marks) {
    const from = Math.max(mark.from, at);
    const to = Math.min(mark.to, run.to);
    if (from >= to) continue;
    if (from > at) pieces.push({ from: at, to: from, style: run.style });
    pieces.push({ from, to, style: `${run.style} ${mark.style}`.trim() });
    at = to;
  }
  if (at < run.to) pieces.push({ from: at, to: run.to, style: run.style });
  return pieces;
}

/**
 * Marks of two kinds in one list: those of the first kind win.
 *
 * @param {Mark[]} first
 * @param {Mark[]} second
 * @returns {Mark[]}
 */
export function joinMarks(first, second) {
  const apart = second.filter(
    (mark) => !first.some((other) => other.from < mark.to && mark.from < other.to),
  );
  return [...first, ...apart].sort((a, b) => a.from - b.from);
}
