/** Which lines are requested: up to a place, from it on, before or behind what is loaded. */

import { timeParameter } from '../api/log_url.js';
import { PAGE } from '../model/joining.js';
import { justAfter } from '../text/time.js';

/** @import { LineRange } from '../api/log_url.js' */
/** @import { Line } from '../model/row.js' */
/** @import { View } from '../model/view.js' */
/** @import { Instant } from '../text/time.js' */

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

/** The page before a line of a single log. @param {Line} first @returns {LineRange} */
export function rangeBefore(first) {
  return { before: first.cursor, tailLines: PAGE };
}

/** The page up to an instant, with its own lines. @param {Instant} instant @returns {LineRange} */
export function rangeUpTo(instant) {
  const { ms, ns } = justAfter(instant);
  return { untilTime: timeParameter(ms, ns), tailLines: PAGE };
}

/** The page behind a line of a single log. @param {Line} last @returns {LineRange} */
export function rangeAfter(last) {
  return { after: last.cursor, limitLines: PAGE };
}

/** The page from an instant on, with its own lines. @param {Instant} instant @returns {LineRange} */
export function rangeFrom({ ms, ns }) {
  return { sinceTime: timeParameter(ms, ns), limitLines: PAGE };
}
