/**
 * The rows that are loaded, as an array with two ends.
 *
 * Each row has a key, an integer that stays the same while rows are added at both ends. Memory is
 * bounded: past the bound, rows are dropped at the end that is not looked at.
 */

import { isBefore } from './left_out.js';
import { PackedBlock } from './packed_block.js';
import { FLAG } from './row.js';
import { Sums } from './sums.js';
import { MAX_TRACE, orphansOf, TraceMarker } from './traces.js';

/** @import { Line, Row } from './row.js' */
/** @import { Instant } from '../text/time.js' */

/** How many rows make a block. */
const BLOCK = 512;
/** The most memory of packed rows, in bytes. */
const MAX_BYTES = 112 * 1024 * 1024;

export class Lines {
  /** @param {number} [maxBytes] */
  constructor(maxBytes = MAX_BYTES) {
    this.maxBytes = maxBytes;
    /** In the order of their keys. @type {PackedBlock[]} */
    this.blocks = [];
    /** Rows behind the last block, not yet packed. @type {Row[]} */
    this.open = [];
    this.first = 0;
    this.bytes = 0;
    /** One for each line that continues another. */
    this.traces = new Sums();
    /** Marks lines at the end. */
    this.marker = new TraceMarker();
  }

  /** The key behind the last row. */
  get end() {
    return this.openFirst + this.open.length;
  }

  get count() {
    return this.end - this.first;
  }

  get openFirst() {
    return this.blocks.length > 0 ? this.blocks[this.blocks.length - 1].end : this.first;
  }

  /** @param {Row[]} rows In order. */
  append(rows) {
    for (const row of rows) {
      this.marker.mark(row);
      this.noteTrace(this.end, row);
      this.open.push(row);
      if (this.open.length === BLOCK) this.pack();
    }
  }

  pack() {
    const block = new PackedBlock(this.openFirst, this.open);
    this.blocks.push(block);
    this.bytes += block.bytes;
    this.open = [];
  }

  /** @param {Row[]} rows In order; the last one comes before the first row so far. */
  prepend(rows) {
    /** @type {PackedBlock[]} */
    const blocks = [];
    const known = this.first;
    let first = this.first - rows.length;
    const marker = new TraceMarker();
    rows.forEach((row, at) => {
      marker.mark(row);
      this.noteTrace(first + at, row);
    });
    this.first = first;
    for (let at = 0; at < rows.length; at += BLOCK) {
      const block = new PackedBlock(first, rows.slice(at, at + BLOCK));
      blocks.push(block);
      first = block.end;
      this.bytes += block.bytes;
    }
    this.blocks.unshift(...blocks);
    for (const key of orphansOf(this, known, marker)) this.join(key);
  }

  /** @param {number} key @param {Row} row */
  noteTrace(key, row) {
    this.traces.set(key, !('note' in row) && row.flags & FLAG.TRACE ? 1 : 0);
  }

  /** Marks a line that continues one which was read later. @param {number} key */
  join(key) {
    const row = this.open[key - this.openFirst];
    if (row && !('note' in row)) row.flags |= FLAG.TRACE;
    else this.blocks[this.blockAt(key)].mark(key, FLAG.TRACE);
    this.traces.set(key, 1);
  }

  /**
   * @param {number} key From `first` to `end`.
   * @returns {Row}
   */
  row(key) {
    const openFirst = this.openFirst;
    return key >= openFirst ? this.open[key - openFirst] : this.blocks[this.blockAt(key)].row(key);
  }

  /** @param {number} key @returns {number} The index of its block. */
  blockAt(key) {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.blocks[middle].first <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Drops rows until memory is within its bound.
   *
   * @param {'first' | 'last'} side
   * @returns {boolean} Whether any were dropped.
   */
  trim(side) {
    const before = this.blocks.length;
    while (this.bytes > this.maxBytes && this.blocks.length > 1) {
      if (side === 'first') this.dropFirst();
      else this.dropLast();
    }
    return this.blocks.length < before;
  }

  dropFirst() {
    const block = /** @type {PackedBlock} */ (this.blocks.shift());
    this.bytes -= block.bytes;
    this.first = block.end;
    this.traces.dropBefore(this.first);
  }

  dropLast() {
    this.open = [];
    const block = /** @type {PackedBlock} */ (this.blocks.pop());
    this.bytes -= block.bytes;
    this.traces.dropFrom(this.end);
    this.marker = new TraceMarker();
    for (let key = Math.max(this.first, this.end - MAX_TRACE); key < this.end; key += 1) this.marker.mark(this.row(key));
  }

  /** @returns {Line | null} */
  firstLine() {
    return this.lineFrom(this.first, 1);
  }

  /** @returns {Line | null} */
  lastLine() {
    return this.lineFrom(this.end - 1, -1);
  }

  /**
   * The first line from a key on in a direction.
   *
   * @param {number} key
   * @param {1 | -1} step
   * @returns {Line | null}
   */
  lineFrom(key, step) {
    for (let at = key; at >= this.first && at < this.end; at += step) {
      const row = this.row(at);
      if (!('note' in row)) return row;
    }
    return null;
  }

  /**
   * The nearest line at or before a key that has a cursor.
   *
   * @param {number} key
   * @returns {{key: number, line: Line} | null}
   */
  cursorBefore(key) {
    for (let at = key; at >= this.first; at -= 1) {
      const row = this.row(at);
      if (!('note' in row) && row.cursor) return { key: at, line: row };
    }
    return null;
  }

  /**
   * The key of the first row of at least this time; `end` if there is none. A note has the time of
   * the line behind it.
   *
   * @param {Instant} instant
   */
  keyAt(instant) {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const line = this.lineFrom(middle, 1);
      if (line && isBefore(line, instant)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
