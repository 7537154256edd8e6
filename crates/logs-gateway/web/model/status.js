/** The status line: always true, in few words. */

import { counted, size } from '../text/quantity.js';
import { ago, label, span } from '../text/time.js';

/** @import { Remedy, Trouble } from './problems.js' */

/**
 * @typedef {object} StreamState What a stream tells about itself.
 * @property {'opening' | 'reading' | 'live' | 'retrying' | 'queued' | 'ended'} phase
 * @property {number} [retryAt] When it is tried again, in milliseconds.
 * @property {Trouble} [trouble] Why it is retried or ended.
 * @property {number} [behind] Bytes still to be read.
 *
 * @typedef {object} StatusInput
 * @property {boolean} isOpen Whether a log is chosen.
 * @property {StreamState | null} stream Null while nothing is followed.
 * @property {number} held Lines that wait while paused; -1 if not paused.
 * @property {string} told What was just done, or empty.
 * @property {string} activity What else is being done, or empty.
 * @property {Trouble | null} trouble Of the page itself.
 * @property {number} lines Lines that are loaded.
 * @property {string} matches What is known about matches, or empty.
 * @property {number} logs How many logs are merged.
 * @property {string[]} lost Nodes of them that cannot be read at present.
 * @property {number} newest Time of the last line; 0 without one.
 * @property {number} expiresAt When the log-in ends; 0 if unknown.
 *
 * @typedef {object} Status
 * @property {'live' | 'busy' | 'still' | 'trouble'} tone
 * @property {string} text
 * @property {string[]} facts
 * @property {Remedy} remedy
 */

/** How long before its end the log-in is mentioned, in milliseconds. */
const WARNING = 10 * 60_000;
/** How long before its end the log-in can be renewed beside the status, in milliseconds. */
const RENEWAL = 90_000;

/**
 * @param {StatusInput} input
 * @param {number} now
 * @returns {Status}
 */
export function status(input, now) {
  const main = mainStatus(input, now);
  const facts = input.told ? [input.told] : [];
  if (input.logs > 1) facts.push(counted(input.logs, 'log'));
  if (input.matches) facts.push(input.matches);
  else if (input.lines > 0) facts.push(`${counted(input.lines, 'line')} loaded`);
  const left = input.expiresAt - now;
  if (input.expiresAt > 0 && left < WARNING && left > 0) {
    facts.push(left < RENEWAL ? `log-in ends in ${span(left)}` : `log-in ends ${label(input.expiresAt, 'local', now)}`);
  }
  const endsSoon = input.expiresAt > 0 && left > 0 && left < RENEWAL;
  return { ...main, remedy: main.remedy || (endsSoon ? 'renew' : ''), facts };
}

/**
 * @param {StatusInput} input
 * @param {number} now
 * @returns {Omit<Status, 'facts'>}
 */
function mainStatus(input, now) {
  const { stream, trouble, held, activity } = input;
  const isRetrying = stream !== null && stream.phase === 'retrying';
  // The stream says when it is tried again.
  if (trouble && !(trouble.isTransient && isRetrying)) return { tone: 'trouble', text: trouble.text, remedy: trouble.remedy };
  if (!input.isOpen) return { tone: 'still', text: 'choose a log', remedy: '' };
  if (held >= 0) {
    const waiting = held === 0 ? 'nothing new' : `${counted(held, 'new line')} wait${held === 1 ? 's' : ''}`;
    return { tone: 'still', text: `paused, ${waiting}`, remedy: '' };
  }
  if (stream && stream.phase === 'retrying') return retrying(stream, now);
  if (stream && stream.phase === 'ended' && stream.trouble?.text) {
    return { tone: stream.trouble.remedy ? 'trouble' : 'still', text: stream.trouble.text, remedy: stream.trouble.remedy };
  }
  if (activity) return { tone: 'busy', text: activity, remedy: '' };
  return stream ? following(stream, input, now) : { tone: 'still', text: 'history, not live', remedy: '' };
}

/** @param {StreamState} stream @param {number} now @returns {Omit<Status, 'facts'>} */
function retrying(stream, now) {
  const left = Math.max(0, (stream.retryAt ?? now) - now);
  const when = left < 500 ? 'now' : `in ${Math.ceil(left / 1000)} s`;
  return { tone: 'trouble', text: `${stream.trouble?.text ?? ''} Reconnecting ${when}.`.trim(), remedy: 'retry' };
}

/**
 * @param {StreamState} stream
 * @param {StatusInput} input
 * @param {number} now
 * @returns {Omit<Status, 'facts'>}
 */
function following(stream, input, now) {
  switch (stream.phase) {
    case 'opening':
      return { tone: 'busy', text: 'opening the log…', remedy: '' };
    case 'queued':
      return { tone: 'still', text: 'waiting: this browser reads other logs, and goes on here when you look', remedy: '' };
    case 'reading': {
      const behind = stream.behind ? `, ${size(stream.behind)} behind` : '';
      return { tone: 'busy', text: `reading${behind}…`, remedy: '' };
    }
    case 'live': {
      if (input.lost.length > 0) return { tone: 'trouble', text: withoutNodes(input.lost), remedy: '' };
      const quiet = now - input.newest;
      const last = input.newest > 0 && quiet > 10_000 ? `, last line ${ago(quiet)}` : '';
      return { tone: 'live', text: `live, caught up${last}`, remedy: '' };
    }
    default:
      return { tone: 'still', text: 'the log is complete', remedy: '' };
  }
}

/** @param {string[]} nodes */
function withoutNodes(nodes) {
  if (nodes.length > 2) return `live, but ${nodes.length} nodes cannot be reached`;
  return `live, but ${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.join(' and ')} cannot be reached`;
}
