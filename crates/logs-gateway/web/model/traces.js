/**
 * Stack traces: a line that continues an earlier one of its log belongs to that. Lines of other logs
 * may be between them.
 */

import { continues, isExceptionOf } from '../text/level.js';
import { FLAG, isNote } from './row.js';

/** @import { Lines } from './lines.js' */
/** @import { Line, Row } from './row.js' */

/** The most lines of a trace: a later one begins another. */
export const MAX_TRACE = 500;
/** How far from its first line the lines of a trace are looked for, in rows. */
const REACH = 2000;

/** Notes that no trace goes on behind. */
const BREAKS = new Set(['gap', 'run', 'begin']);

/**
 * @typedef {object} Trace What is known of the last trace of a log.
 * @property {number} length How many lines it has so far.
 * @property {number} level Of its first line.
 */

/** Marks the lines that belong to an earlier one, row by row. */
export class TraceMarker {
  constructor() {
    /** The last trace of each log. @type {Map<number, Trace>} */
    this.last = new Map();
  }

  /** @param {Row} row The next one. It may be changed. */
  mark(row) {
    if (isNote(row)) {
      if (BREAKS.has(row.note)) this.last.clear();
      return;
    }
    if (this.isPart(row)) {
      row.flags |= FLAG.TRACE;
      /** @type {Trace} */ (this.last.get(logOf(row))).length += 1;
    } else {
      row.flags &= ~FLAG.TRACE;
      this.last.set(logOf(row), { length: 1, level: row.level });
    }
  }

  /** Whether a line belongs to the last one of its log that was marked. @param {Line} line */
  isPart(line) {
    const trace = this.last.get(logOf(line));
    return trace !== undefined && trace.length < MAX_TRACE && (continues(line.text) || isExceptionOf(line.text, trace.level));
  }
}

/**
 * The lines at the begin of a list that belong to a line before them, which was read later than
 * they were: at most one of each log.
 *
 * @param {Lines} lines
 * @param {number} from Key of the first row that was there.
 * @param {TraceMarker} before Has marked the rows before it.
 * @returns {number[]} Their keys.
 */
export function orphansOf(lines, from, before) {
  const keys = [];
  const seen = new Set();
  for (let key = from; key < Math.min(lines.end, from + MAX_TRACE); key += 1) {
    const row = lines.row(key);
    if (isNote(row)) {
      if (BREAKS.has(row.note)) break;
    } else if (!seen.has(logOf(row))) {
      seen.add(logOf(row));
      if (before.isPart(row)) keys.push(key);
    }
  }
  return keys;
}

/**
 * The keys of the lines that belong to a line.
 *
 * @param {Lines} lines
 * @param {number} key
 */
export function traceOf(lines, key) {
  /** @type {number[]} */
  const keys = [];
  const head = lines.row(key);
  if (isNote(head) || head.flags & FLAG.TRACE) return keys;
  for (let at = key + 1; at < Math.min(lines.end, key + REACH); at += 1) {
    const row = lines.row(at);
    if (isNote(row)) {
      if (BREAKS.has(row.note)) break;
    } else if (logOf(row) === logOf(head)) {
      if (!(row.flags & FLAG.TRACE)) break;
      keys.push(at);
    }
  }
  return keys;
}

/**
 * The key of the line that a line belongs to: its own if it belongs to none.
 *
 * @param {Lines} lines
 * @param {number} key
 */
export function headOf(lines, key) {
  const line = lines.row(key);
  if (isNote(line) || !(line.flags & FLAG.TRACE)) return key;
  for (let at = key - 1; at >= Math.max(lines.first, key - REACH); at -= 1) {
    const row = lines.row(at);
    if (!isNote(row) && logOf(row) === logOf(line) && !(row.flags & FLAG.TRACE)) return at;
  }
  return key;
}

/** Numbers a log and a stream of it. @param {Line} line */
function logOf(line) {
  return line.source * 2 + (line.flags & FLAG.STDERR);
}
