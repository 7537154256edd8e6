/**
 * Stack traces: a line that continues an earlier one of its log belongs to that. Lines of other logs
 * may be between them.
 */

import { shapeOf, shapeWith } from '../text/trace_shape.js';
import { FLAG, isNote } from './row.js';

/** @import { Lines } from './lines.js' */
/** @import { Line, Row } from './row.js' */
/** @import { TraceShape } from '../text/trace_shape.js' */

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
 * @property {TraceShape} shape What it looks like at its end.
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
    if (this.take(row)) row.flags |= FLAG.TRACE;
    else row.flags &= ~FLAG.TRACE;
  }

  /** Takes the next line without a mark. Returns whether it belongs to the line before it in its log. @param {Line} line */
  take(line) {
    const trace = this.last.get(logOf(line));
    const shape = trace && trace.length < MAX_TRACE ? shapeWith(trace.shape, trace.level, line) : null;
    if (trace && shape) {
      trace.length += 1;
      trace.shape = shape;
      return true;
    }
    this.last.set(logOf(line), { length: 1, level: line.level, shape: shapeOf(line.text) });
    return false;
  }
}

/**
 * The lines at the begin of a list that belong to a line before them, which was read later than
 * they were, and are not marked yet.
 *
 * @param {Lines} lines
 * @param {number} from Key of the first row that was there.
 * @param {TraceMarker} before Has marked the rows before it, and takes those behind.
 * @returns {number[]} Their keys.
 */
export function orphansOf(lines, from, before) {
  const keys = [];
  const ended = new Set();
  for (let key = from; key < Math.min(lines.end, from + MAX_TRACE); key += 1) {
    const row = lines.row(key);
    if (isNote(row)) {
      if (BREAKS.has(row.note)) break;
    } else if (!ended.has(logOf(row))) {
      if (!before.take(row)) ended.add(logOf(row));
      else if (!(row.flags & FLAG.TRACE)) keys.push(key);
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
