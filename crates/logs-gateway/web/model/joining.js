/** Where two readings meet: which lines are there already. */

import { isBefore } from './left_out.js';
import { countLines, isNote, isSameLine } from './row.js';
import { isFiltered } from './view.js';

/** @import { Lines } from './lines.js' */
/** @import { Line, Row } from './row.js' */
/** @import { View } from './view.js' */
/** @import { Instant } from '../text/time.js' */

/** Lines of a page of history, and of the end of a log that is opened. */
export const PAGE = 500;

/**
 * A page of history as it was read.
 *
 * @typedef {object} ReadPage
 * @property {Row[]} rows
 * @property {number} count Of lines, with those that were left out.
 * @property {boolean} isWhole Whether there is nothing beyond it, or what there is cannot be read.
 * @property {string[]} missing The nodes that could not be read.
 */

/**
 * Whether nothing comes before a page.
 *
 * @param {ReadPage} page
 * @param {Row[]} fresh Those of its rows that were not there.
 * @param {Instant | null} end Up to which it was read; null if that is unknown.
 * @param {Instant | null} leftOut The first line so far that was left out.
 */
export function isFirstPage({ count, isWhole }, fresh, end, leftOut) {
  if (!isWhole) return false;
  if (count < PAGE) return true;
  const hasMoved = end ? leftOut !== null && isBefore(leftOut, end) : count > 0;
  return countLines(fresh) === 0 && !hasMoved;
}

/** @param {Row[]} rows @param {Line[]} known Lines that are there already. @returns {Row[]} */
export function withoutLines(rows, known) {
  return rows.filter((row) => isNote(row) || !known.some((line) => isSameLine(line, row)));
}

/**
 * The lines of the same instant as the first one: a page by time has them as well.
 *
 * @param {Lines} lines
 */
export function linesOfFirstInstant(lines) {
  /** @type {Line[]} */
  const same = [];
  for (let key = lines.first; key < lines.end; key += 1) {
    const row = lines.row(key);
    if (isNote(row)) continue;
    if (same.length > 0 && (row.ms !== same[0].ms || row.ns !== same[0].ns)) break;
    same.push(row);
  }
  return same;
}

/**
 * Rows behind the last line, of a page that may begin with lines which are there.
 *
 * @param {Lines} lines
 * @param {Row[]} rows
 */
export function withoutKnown(lines, rows) {
  const last = lines.lastLine();
  if (!last) return rows;
  const at = rows.findLastIndex((row) => !isNote(row) && isSameLine(row, last));
  return at < 0 ? rows : rows.slice(at + 1);
}

/**
 * What stands above the first line, once nothing is before it.
 *
 * @param {View} view
 */
export function beginText(view) {
  if (view.from) return 'The chosen time begins here';
  return isFiltered(view) ? 'No earlier line matches' : 'The log begins here';
}
