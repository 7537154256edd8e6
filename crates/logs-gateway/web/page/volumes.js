/** Reads how many lines there are over time, for the density bar and the number of matches. */

import { logUrl, startOf } from '../api/log_url.js';
import { readEvents } from '../api/request.js';
import { Density } from '../model/density.js';
import { writeInstant } from '../text/time.js';

/** @import { View } from '../model/view.js' */

/** Logs up to this size are counted as a whole, larger ones for the last hours. In bytes. */
const WHOLE = 64 * 1024 * 1024;
const LAST = 6 * 3_600_000;

export class Volumes {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Density | null} */
    this.density = null;
    this.scanned = 0;
    this.aborter = new AbortController();
  }

  clear() {
    this.aborter.abort();
    this.density = null;
    this.scanned = 0;
  }

  /**
   * @param {View} view
   * @param {{from: number, size: number}} extent Of the logs.
   * @param {{history: boolean}} source
   */
  async read(view, extent, source) {
    this.clear();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    const now = Date.now();
    const to = view.to ? Date.parse(view.to) || now : now;
    const from = startOf(view, now) || defaultStart(extent, to);
    const density = new Density(from, to);
    this.density = density;
    const range = { volume: density.duration, sinceTime: writeInstant(density.from), untilTime: writeInstant(to) };
    const inner = new AbortController();
    signal.addEventListener('abort', () => inner.abort(), { once: true });
    try {
      await readEvents(logUrl(view, range, source), inner, (events) => {
        for (const { name, data } of events) {
          if (name === 'volume') density.add(JSON.parse(data));
          else if (name === 'progress') this.scanned = JSON.parse(data).scanned_bytes;
          else if (name === 'end') density.isComplete = JSON.parse(data).reason === 'complete';
        }
        if (!signal.aborted) this.changed();
      });
    } catch {
      // The bar stays as far as it came; the stream of lines says what is wrong.
    }
    if (!signal.aborted) this.changed();
  }
}

/**
 * @param {{from: number, size: number}} extent
 * @param {number} to
 */
function defaultStart({ from, size }, to) {
  const begin = from > 0 && from < to ? from : to - 3_600_000;
  return size <= WHOLE ? begin : Math.max(begin, to - LAST);
}
