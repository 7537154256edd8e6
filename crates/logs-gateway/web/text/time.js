/**
 * Instants as the gateway writes them, and as people read them.
 *
 * An instant is whole milliseconds since the epoch and the nanoseconds beyond them, since a number
 * of JavaScript cannot hold both.
 *
 * @typedef {object} Instant
 * @property {number} ms Milliseconds since the epoch.
 * @property {number} ns Nanoseconds beyond `ms`, 0 to 999,999.
 */

/** @typedef {'local' | 'utc' | 'relative'} StampMode */

/** @type {StampMode[]} */
export const STAMP_MODES = ['local', 'utc', 'relative'];

const SECONDS = 'YYYY-MM-DDTHH:MM:SS'.length;
const DAY = 86_400_000;

let lastPrefix = '';
let lastPrefixMs = 0;

/**
 * Parses `2026-11-01T10:00:00.123456789Z`. Lines of one second are parsed once.
 *
 * @param {string} text RFC 3339 in UTC.
 * @returns {Instant}
 */
export function parseInstant(text) {
  const prefix = text.slice(0, SECONDS);
  if (prefix !== lastPrefix) {
    lastPrefixMs = Date.parse(`${prefix}Z`);
    lastPrefix = prefix;
  }
  const end = text.length - 1;
  if (text.charCodeAt(SECONDS) !== 46) return { ms: lastPrefixMs, ns: 0 };
  let nanos = 0;
  for (let at = SECONDS + 1; at < SECONDS + 10; at += 1) {
    nanos = nanos * 10 + (at < end ? text.charCodeAt(at) - 48 : 0);
  }
  return { ms: lastPrefixMs + Math.floor(nanos / 1e6), ns: nanos % 1e6 };
}

/**
 * The instant that a view names, in any form of RFC 3339.
 *
 * @param {string} text
 * @returns {Instant}
 */
export function instantOf(text) {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text)) return parseInstant(text);
  return { ms: Date.parse(text) || 0, ns: 0 };
}

/**
 * Writes an instant with all nine digits, as requests take it.
 *
 * @param {number} ms
 * @param {number} [ns]
 */
export function writeInstant(ms, ns = 0) {
  return `${new Date(ms).toISOString().slice(0, -1)}${String(ns).padStart(6, '0')}Z`;
}

/**
 * The instant one nanosecond later.
 *
 * @param {Instant} instant
 * @returns {Instant}
 */
export function justAfter({ ms, ns }) {
  return ns === 999_999 ? { ms: ms + 1, ns: 0 } : { ms, ns: ns + 1 };
}

/** @param {number} value @param {number} [width] */
const pad = (value, width = 2) => String(value).padStart(width, '0');

/** Minutes of local time ahead of UTC, for each hour that was asked about. @type {Map<number, number>} */
const offsets = new Map();

/**
 * Milliseconds that local time is ahead of UTC. `Date` takes a microsecond; rows ask often.
 *
 * @param {number} ms
 */
function localOffset(ms) {
  const hour = Math.floor(ms / 900_000);
  let offset = offsets.get(hour);
  if (offset === undefined) {
    offset = -new Date(ms).getTimezoneOffset() * 60_000;
    if (offsets.size > 1000) offsets.clear();
    offsets.set(hour, offset);
  }
  return offset;
}

/**
 * The clock time, with the day if it is not today's.
 *
 * @param {number} ms
 * @param {StampMode} mode
 * @param {number} now
 */
export function stamp(ms, mode, now) {
  if (mode === 'relative') return ago(now - ms);
  const shift = mode === 'utc' ? 0 : localOffset(ms);
  const today = Math.floor((now + (mode === 'utc' ? 0 : localOffset(now))) / DAY);
  const clock = clockTime(ms + shift);
  return Math.floor((ms + shift) / DAY) === today ? clock : `${monthDay(ms + shift)} ${clock}`;
}

/** @param {number} ms */
function clockTime(ms) {
  const inDay = ((ms % DAY) + DAY) % DAY;
  const seconds = Math.floor(inDay / 1000);
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(inDay % 1000, 3)}`;
}

/** @param {number} ms */
function monthDay(ms) {
  const date = new Date(ms);
  return `${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
}

/**
 * The clock time without fractions, for labels.
 *
 * @param {number} ms
 * @param {StampMode} mode `relative` is written as `local`.
 * @param {number} now
 */
export function label(ms, mode, now) {
  const text = stamp(ms, mode === 'relative' ? 'local' : mode, now);
  return text.slice(0, -4);
}

/**
 * A length of time before now: `3 s ago`.
 *
 * @param {number} length In milliseconds; negative lengths are in the future.
 */
export function ago(length) {
  if (length < 0) return length > -1000 ? 'now' : `in ${span(-length)}`;
  return length < 1000 ? 'now' : `${span(length)} ago`;
}

/**
 * A length of time in its largest unit: `412 ms`, `3 s`, `5 min`, `2 h`, `4 d`.
 *
 * @param {number} length In milliseconds.
 */
export function span(length) {
  if (length < 1000) return `${Math.round(length)} ms`;
  if (length < 60_000) return `${Math.floor(length / 1000)} s`;
  if (length < 3_600_000) return `${Math.floor(length / 60_000)} min`;
  if (length < 2 * DAY) return `${Math.floor(length / 3_600_000)} h`;
  return `${Math.floor(length / DAY)} d`;
}
