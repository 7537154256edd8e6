/** Counts the lines of some logs and times without filters: what the matches are of. */

import { logUrl } from '../api/log_url.js';
import { readEvents } from '../api/request.js';
import { exactParts, unfiltered, writeView } from '../model/view.js';
import { writeInstant } from '../text/time.js';

/** @import { View } from '../model/view.js' */

/** How often lines that were written since are counted, in milliseconds. */
const PERIOD = 15_000;
/** The interval of the counts, which are added up: the longest that keeps answers short. */
const INTERVAL = '86400s';

/**
 * @typedef {object} Total
 * @property {string} of The logs and times.
 * @property {number} from In milliseconds.
 * @property {number} until Lines before it are counted, in milliseconds.
 * @property {number} lines
 */

export class Totals {
  constructor() {
    /** @type {Total | null} */
    this.total = null;
    /** Aborts the count that runs. @type {AbortSignal | null} */
    this.running = null;
  }

  /** The lines of the logs and times of a view; null while they are not counted. @param {View} view */
  of(view) {
    return this.total?.of === nameOf(view) ? this.total.lines : null;
  }

  /** Takes a count of a view without filters. @param {View} view @param {number} from @param {number} until @param {number} lines */
  keep(view, from, until, lines) {
    this.total = { of: nameOf(view), from, until, lines };
  }

  /**
   * Counts the lines of a view from a time up to another, or those that are not counted yet.
   *
   * @param {View} view
   * @param {number} from
   * @param {number} until
   * @param {{history: boolean}} source
   * @param {AbortSignal} signal
   */
  async count(view, from, until, source, signal) {
    if (this.running === signal) return;
    const known = this.total?.of === nameOf(view) && this.total.from === from ? this.total : null;
    const since = known ? known.until : from;
    if (since >= until) return;
    this.running = signal;
    try {
      const lines = await linesBetween(unfiltered(view), since, until, source, signal);
      if (lines !== null && !signal.aborted) this.keep(view, from, until, lines + (known?.lines ?? 0));
    } finally {
      if (this.running === signal) this.running = null;
    }
  }

  /** Whether lines that were written since the last count are to be counted. @param {View} view @param {number} now */
  isOld(view, now) {
    return this.total !== null && this.of(view) !== null && !view.to && now - this.total.until >= PERIOD;
  }
}

/**
 * @param {View} view
 * @param {number} since
 * @param {number} until
 * @param {{history: boolean}} source
 * @param {AbortSignal} signal
 * @returns {Promise<number | null>} Null if they could not all be counted.
 */
async function linesBetween(view, since, until, source, signal) {
  const range = { volume: INTERVAL, sinceTime: writeInstant(since), untilTime: writeInstant(until) };
  const parts = exactParts(view);
  let lines = 0;
  let complete = 0;
  try {
    for (const part of parts) {
      await readEvents(logUrl(part, range, source), signal, (events) => {
        for (const { name, data } of events) {
          if (name === 'volume') lines += JSON.parse(data).lines;
          else if (name === 'end' && JSON.parse(data).reason === 'complete') complete += 1;
        }
      });
    }
  } catch {
    // The number is left out; the stream of lines says what is wrong.
    return null;
  }
  return complete === parts.length ? lines : null;
}

/** The logs and times of a view. @param {View} view */
function nameOf(view) {
  return writeView({ ...unfiltered(view), columns: [], find: '', place: { kind: 'end' } });
}
