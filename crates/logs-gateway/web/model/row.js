/**
 * What the list shows: lines, and notes between them.
 *
 * @typedef {object} Line
 * @property {number} ms Milliseconds since the epoch.
 * @property {number} ns Nanoseconds beyond `ms`.
 * @property {number} source Index of its log in `Sources`.
 * @property {number} level Number of its level; 0 without one.
 * @property {number} flags Of `FLAG`.
 * @property {string} text
 * @property {string} cursor Empty if it is not kept.
 * @property {number[][] | null} hits What `grep` matched, in UTF-16 units.
 *
 * @typedef {object} Note
 * @property {'gap' | 'run' | 'log' | 'lost' | 'begin' | 'end'} note
 * @property {string} text
 * @property {number} ms When, if that is known; else 0.
 *
 * @typedef {Line | Note} Row
 */

/** Marks of a line. */
export const FLAG = {
  STDERR: 1,
  PARTIAL: 2,
  CONTEXT: 4,
  LATE: 8,
  /** Its bytes are not UTF-8. */
  BINARY: 16,
  /** It continues an earlier line of its log. */
  TRACE: 32,
};

/** The marks that do not come from the gateway. */
const OWN = FLAG.TRACE;

/**
 * @param {Row} row
 * @returns {row is Note}
 */
export function isNote(row) {
  return 'note' in row;
}

/**
 * Whether two lines are one line, read in two ways: cursors may differ between those.
 *
 * @param {Line} one
 * @param {Line} other
 */
export function isSameLine(one, other) {
  if (one.cursor !== '' && one.cursor === other.cursor) return true;
  const isMarkedAlike = ((one.flags ^ other.flags) & ~OWN) === 0;
  return one.ms === other.ms && one.ns === other.ns && isMarkedAlike && one.text === other.text;
}

/** @param {Row[]} rows */
export function countLines(rows) {
  return rows.reduce((count, row) => count + (isNote(row) ? 0 : 1), 0);
}

/** @param {Row[]} rows @returns {Line | null} */
export function firstLine(rows) {
  return /** @type {Line | undefined} */ (rows.find((row) => !isNote(row))) ?? null;
}

/** @param {Row[]} rows @returns {Line | null} */
export function lastLine(rows) {
  return /** @type {Line | undefined} */ (rows.findLast((row) => !isNote(row))) ?? null;
}
