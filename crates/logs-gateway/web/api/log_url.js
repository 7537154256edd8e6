/** The requests of a view: its logs and filters, as the gateway's parameters. */

import { writeInstant } from '../text/time.js';
import { isDuration } from '../model/view.js';

/** @import { View } from '../model/view.js' */

/**
 * What of the lines is requested.
 *
 * @typedef {Record<string, string | number | boolean>} LineRange
 */

/**
 * @param {View} view
 * @param {LineRange} range
 * @param {{history: boolean}} source What the source of the logs can do.
 */
export function logUrl(view, range, source) {
  const query = new URLSearchParams();
  const path = setTargets(view, query);
  if (source.history) query.set('history', 'all');
  view.grep.forEach((pattern) => query.append('grep', pattern));
  view.exclude.forEach((pattern) => query.append('exclude', pattern));
  if (view.level) query.set('level', view.level);
  if (view.stream) query.set('stream', view.stream);
  for (const [name, value] of Object.entries(range)) query.set(name, String(value));
  if (view.from && !hasStart(range)) query.set(isDuration(view.from) ? 'since' : 'sinceTime', view.from);
  if (view.to && !('untilTime' in range)) query.set('untilTime', view.to);
  return `${path}?${query}`;
}

/** @param {LineRange} range */
function hasStart(range) {
  return 'sinceTime' in range || 'since' in range || 'after' in range;
}

/**
 * @param {View} view
 * @param {URLSearchParams} query
 * @returns {string} The path.
 */
function setTargets(view, query) {
  const [first] = view.targets;
  const globs = /[*?]/.test(first.namespace + first.pod);
  if (view.targets.length === 1 && !globs) {
    query.set('container', first.container);
    return `/logs/${encodeURIComponent(first.namespace)}/${encodeURIComponent(first.pod)}`;
  }
  const names = (/** @type {'namespace' | 'pod'} */ part) => [...new Set(view.targets.map((target) => target[part]))].join(',');
  query.set('pod', names('pod'));
  query.set('namespace', names('namespace'));
  const containers = new Set(view.targets.map((target) => target.container));
  if (containers.size === 1 && first.container !== '*') query.set('container', first.container);
  return '/logs';
}

/**
 * The start of a view as a time, for requests that need one.
 *
 * @param {View} view
 * @param {number} now
 * @returns {number} In milliseconds; 0 without a start.
 */
export function startOf(view, now) {
  if (!view.from) return 0;
  if (!isDuration(view.from)) return Date.parse(view.from) || 0;
  const units = /** @type {Record<string, number>} */ ({ s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 });
  return now - Number(view.from.slice(0, -1)) * units[view.from.slice(-1)];
}

/** @param {number} ms @param {number} ns */
export function timeParameter(ms, ns) {
  return writeInstant(ms, ns);
}
