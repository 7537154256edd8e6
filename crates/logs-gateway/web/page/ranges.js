/** Which lines are requested: up to a place, from it on, before or behind what is loaded. */

import { timeParameter } from '../api/log_url.js';
import { justAfter } from '../text/time.js';

/** @import { LineRange } from '../api/log_url.js' */
/** @import { Line } from '../model/row.js' */
/** @import { View } from '../model/view.js' */

/** Lines of a page of history, and of the end of a log that is opened. */
export const PAGE = 500;

/**
 * The requests up to the place of a view and from there on.
 *
 * @param {View} view
 * @returns {[LineRange | null, LineRange | null]}
 */
export function firstRanges({ place }) {
  switch (place.kind) {
    case 'begin':
      return [null, { limitLines: PAGE }];
    case 'cursor':
      return [
        { upto: place.cursor, tailLines: PAGE },
        { after: place.cursor, limitLines: PAGE },
      ];
    case 'time':
      return [
        { untilTime: place.time, tailLines: PAGE },
        { sinceTime: place.time, limitLines: PAGE },
      ];
    default:
      return [{ tailLines: PAGE }, null];
  }
}

/**
 * The page before a line.
 *
 * @param {Line} first
 * @param {boolean} isMerged Whether its cursor is one of its own log only.
 * @returns {LineRange}
 */
export function rangeBefore(first, isMerged) {
  if (!isMerged) return { before: first.cursor, tailLines: PAGE };
  const { ms, ns } = justAfter(first);
  return { untilTime: timeParameter(ms, ns), tailLines: PAGE };
}

/**
 * The page behind a line.
 *
 * @param {Line} last
 * @param {boolean} isMerged Whether its cursor is one of its own log only.
 * @returns {LineRange}
 */
export function rangeAfter(last, isMerged) {
  if (!isMerged) return { after: last.cursor, limitLines: PAGE };
  return { sinceTime: timeParameter(last.ms, last.ns), limitLines: PAGE };
}
