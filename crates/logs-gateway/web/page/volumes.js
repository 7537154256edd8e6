/** Reads how many lines there are over time, for the density bar and the number of matches. */

import { logUrl, startOf } from '../api/log_url.js';
import { readEvents } from '../api/request.js';
import { Density } from '../model/density.js';
import { exactParts, isFiltered } from '../model/view.js';
import { writeInstant } from '../text/time.js';
import { Totals } from './totals.js';

/** @import { View } from '../model/view.js' */

/** Logs up to this size are counted as a whole, larger ones for the last hours. In bytes. */
const WHOLE = 64 * 1024 * 1024;
const LAST = 6 * 3_600_000;

/**
 * @typedef {object} Counting What is counted.
 * @property {View} view
 * @property {Density} density
 * @property {number} from In milliseconds.
 * @property {boolean} isPart Whether lines before `from` are left out, since there are many.
 * @property {{history: boolean}} source
 */

export class Volumes {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Counting | null} */
    this.counting = null;
    this.totals = new Totals();
    this.scanned = 0;
    this.aborter = new AbortController();
  }

  get density() {
    return this.counting?.density ?? null;
  }

  clear() {
    this.aborter.abort();
    this.aborter = new AbortController();
    this.counting = null;
    this.scanned = 0;
  }

  /**
   * @param {View} view
   * @param {{from: number, size: number}} extent Of the logs.
   * @param {{history: boolean}} source
   */
  async read(view, extent, source) {
    this.clear();
    const { signal } = this.aborter;
    const now = Date.now();
    const to = view.to ? Date.parse(view.to) || now : now;
    const start = startOf(view, now);
    const whole = wholeStart(extent, to);
    const isPart = !start && extent.size > WHOLE && whole < to - LAST;
    const from = start || (isPart ? to - LAST : whole);
    const counting = { view, density: new Density(from, to), from, isPart, source };
    this.counting = counting;
    await this.count(counting, signal);
    if (signal.aborted) return;
    const { density } = counting;
    if (!density.isComplete) return;
    if (!isFiltered(view)) this.totals.keep(view, density.from, density.countedTo, density.written);
    else await this.total(density.countedTo);
  }

  /** @param {Counting} counting @param {AbortSignal} signal */
  async count({ view, density, source }, signal) {
    const range = { volume: density.duration, sinceTime: writeInstant(density.from), untilTime: writeInstant(density.countedTo) };
    const parts = exactParts(view);
    let complete = 0;
    let before = 0;
    try {
      for (const part of parts) {
        before = this.scanned;
        await readEvents(logUrl(part, range, source), signal, (events) => {
          if (signal.aborted) return;
          for (const { name, data } of events) {
            if (name === 'volume') density.add(JSON.parse(data));
            else if (name === 'progress') this.scanned = before + JSON.parse(data).scanned_bytes;
            else if (name === 'end' && JSON.parse(data).reason === 'complete') complete += 1;
          }
          this.changed();
        });
      }
      density.isComplete = complete === parts.length;
    } catch {
      // The bar stays as far as it came; the stream of lines says what is wrong.
      if (density.written === 0 && !signal.aborted) this.counting = null;
    }
    if (!signal.aborted) this.changed();
  }

  /** Counts the lines that the matches are of. @param {number} until */
  async total(until) {
    if (!this.counting) return;
    const { view, density, source } = this.counting;
    const { signal } = this.aborter;
    await this.totals.count(view, density.from, until, source, signal);
    if (!signal.aborted) this.changed();
  }

  /** Counts lines that were written meanwhile, now and then. @param {number} now */
  refresh(now) {
    const { counting } = this;
    if (counting && isFiltered(counting.view) && this.totals.isOld(counting.view, now)) void this.total(now);
  }
}

/**
 * @param {{from: number}} extent
 * @param {number} to
 */
function wholeStart({ from }, to) {
  return from > 0 && from < to ? from : to - 3_600_000;
}
