/** Where two readings meet: which lines are there already. */

import { isNote, isSameLine } from './row.js';
import { isFiltered } from './view.js';

/** @import { Lines } from './lines.js' */
/** @import { Line, Row } from './row.js' */
/** @import { View } from './view.js' */

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
