/**
 * Heights of rows. Most have the base height; what others have beyond it is kept, and rows that are
 * part of a folded one have none.
 */

import { Sums } from './sums.js';

export class Heights {
  /** @param {number} base In pixels. */
  constructor(base) {
    this.base = base;
    /** The height of rows beyond the base height. */
    this.extra = new Sums();
    /** One for each row without a height; null if all have one. @type {Sums | null} */
    this.hidden = null;
    this.dropped = 0;
  }

  clear() {
    this.extra.clear();
  }

  /**
   * @param {number} key
   * @param {number} height In pixels.
   * @returns {boolean} Whether it is new.
   */
  set(key, height) {
    const extra = height - this.base;
    if (Math.abs(extra - this.extra.of(key)) < 0.5) return false;
    this.extra.set(key, extra);
    return true;
  }

  /** @param {number} key */
  isHidden(key) {
    return this.hidden !== null && this.hidden.of(key) !== 0;
  }

  /** @param {number} key */
  of(key) {
    return this.isHidden(key) ? 0 : this.base + this.extra.of(key);
  }

  /**
   * The height of the rows from `first` up to `key`.
   *
   * @param {number} first
   * @param {number} key
   */
  between(first, key) {
    const hidden = this.hidden?.between(first, key) ?? 0;
    return (key - first - hidden) * this.base + this.extra.between(first, key);
  }

  /**
   * The row at a height, and how far into it that is.
   *
   * @param {number} first
   * @param {number} end
   * @param {number} height Above it, in pixels.
   * @returns {{key: number, inside: number}}
   */
  at(first, end, height) {
    let low = first;
    let high = Math.max(first, end - 1);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.between(first, middle) <= height) low = middle;
      else high = middle - 1;
    }
    return { key: low, inside: height - this.between(first, low) };
  }

  /** Forgets rows before `first`. @param {number} first */
  dropBefore(first) {
    if (first === this.dropped) return;
    this.dropped = first;
    this.extra.dropBefore(first);
  }
}
