/** How much was searched, in words: for the status line, and for a view without a match. */

import { counted, size } from '../text/quantity.js';

/**
 * @typedef {object} Searched What is known about the search of a filtered view.
 * @property {number} matches Lines that were counted so far.
 * @property {boolean} isComplete Whether they are all.
 * @property {number | null} lines Lines of the same logs and times without filters; null while unknown.
 * @property {number} bytes How much was read, in bytes; 0 if unknown.
 * @property {string} since The time that was searched from, in words, if that is not the whole log.
 */

/**
 * The number of matches: `128 matches of 2.1 M lines`.
 *
 * @param {Searched} searched
 */
export function matchesText({ matches, isComplete, lines, bytes, since }) {
  const text = counted(matches, 'match', 'matches');
  const from = since ? ` since ${since}` : '';
  if (!isComplete) return bytes > 0 ? `${text} in ${size(bytes)} so far` : `${text} so far`;
  // Lines that were written since the last count may all be matches.
  return lines === null ? `${text}${from}` : `${text} of ${counted(Math.max(lines, matches), 'line')}${from}`;
}

/**
 * @typedef {object} Unmatched A search without a match.
 * @property {number | null} lines How many lines were searched; null if unknown.
 * @property {number} bytes How much was searched, in bytes; 0 if unknown.
 * @property {string} until Up to which time, in words, or empty.
 * @property {boolean} isOver Whether everything was searched.
 * @property {boolean} isInRange Whether only some times were searched.
 * @property {boolean} isLive Whether lines that come from now on are searched.
 */

/**
 * The words in place of lines while there is no match.
 *
 * @param {Unmatched} search
 */
export function unmatchedText({ lines, bytes, until, isOver, isInRange, isLive }) {
  const much = [lines === null ? '' : counted(lines, 'line'), bytes > 0 ? size(bytes) : ''].filter(Boolean).join(', ');
  const upTo = until ? ` up to ${until}` : '';
  if (!isOver) return `No match so far. Searched: ${much || 'nothing yet'}${upTo}.`;
  const where = isInRange ? ' in the chosen time' : '';
  const searched = much || upTo ? ` Searched: ${much || 'all'}${upTo}.` : '';
  return `No line matches${where}.${searched}${isLive ? ' New lines that match appear here.' : ''}`;
}
