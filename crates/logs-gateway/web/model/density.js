/** How many lines of each level there are over time. */

import { levelNumber, LEVELS } from '../text/level.js';

/** Lengths of intervals that people can read, in seconds. */
const LENGTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
/** The most intervals of a range. */
const MAX_INTERVALS = 240;

/**
 * @typedef {object} VolumeRecord
 * @property {string} from
 * @property {number} lines
 * @property {Record<string, number>} levels
 */

export class Density {
  /**
   * @param {number} from In milliseconds.
   * @param {number} to
   */
  constructor(from, to) {
    const seconds = Math.max(1, (to - from) / 1000);
    const length =
      LENGTHS.find((length) => seconds / length <= MAX_INTERVALS) ??
      86400 * Math.ceil(seconds / 86400 / MAX_INTERVALS);
    /** Of an interval, in milliseconds. */
    this.length = length * 1000;
    /** Aligned to the epoch, as the gateway's intervals are. */
    this.from = Math.floor(from / this.length) * this.length;
    this.to = Math.max(Math.ceil(to / this.length), Math.floor(from / this.length) + 1) * this.length;
    /** The lines of each level in each interval. @type {Map<number, Float64Array>} */
    this.intervals = new Map();
    this.lines = 0;
    /** Lines of the volumes, without live ones. */
    this.written = 0;
    /** Volumes count what was written before; live lines from then on are added. */
    this.countedTo = to;
    this.isComplete = false;
  }

  /** As a request names the length of an interval. */
  get duration() {
    return `${this.length / 1000}s`;
  }

  /** @param {VolumeRecord} record Adds to what an interval has. */
  add(record) {
    const counts = this.interval(Date.parse(record.from));
    for (const [level, lines] of Object.entries(record.levels)) counts[levelNumber(level)] += lines;
    this.lines += record.lines;
    this.written += record.lines;
  }

  /** @param {number} ms @param {number} level Of a line that was written since. */
  addLine(ms, level) {
    if (ms < this.countedTo) return;
    this.interval(ms)[level] += 1;
    this.lines += 1;
    if (ms >= this.to) this.to = Math.floor(ms / this.length + 1) * this.length;
  }

  /** @param {number} ms */
  interval(ms) {
    const number = Math.floor(ms / this.length);
    let counts = this.intervals.get(number);
    if (!counts) {
      counts = new Float64Array(LEVELS.length);
      this.intervals.set(number, counts);
    }
    return counts;
  }

  /** The greatest number of lines of an interval. */
  get most() {
    let most = 0;
    for (const counts of this.intervals.values()) most = Math.max(most, total(counts));
    return most;
  }

  /** The intervals in order of time. */
  inOrder() {
    return [...this.intervals].sort(([one], [other]) => one - other);
  }

  /** Whether so many intervals came that a coarser division is due. */
  get isTooFine() {
    return (this.to - this.from) / this.length > 2 * MAX_INTERVALS;
  }
}

/** @param {Float64Array} counts */
export function total(counts) {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
