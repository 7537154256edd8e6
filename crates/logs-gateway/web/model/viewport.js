/**
 * Where the window on the list is, as arithmetic without a page.
 *
 * Browsers cap the height of an element near 16.7 million pixels, so the spacer that gives the
 * scroll bar its length is clamped; beyond that, one pixel of the scroll bar is many pixels of the
 * list. The place is therefore kept as a row and a distance into it, not as a scroll position: rows
 * that come before it, or change their height, do not move what one looks at.
 */

/** @import { Heights } from './heights.js' */

/** The greatest height of the spacer, in pixels. */
export const MAX_SPACER = 8_000_000;

export class Viewport {
  /** @param {Heights} heights */
  constructor(heights) {
    this.heights = heights;
    this.first = 0;
    this.end = 0;
    /** Of the window, in pixels. */
    this.height = 0;
    /** The row at the top of the window. */
    this.key = 0;
    /** How much of that row is above the window, in pixels. */
    this.inside = 0;
    this.follows = true;
    /** Whether nothing is missing behind the last row: only there is an end to follow. */
    this.isEnd = true;
  }

  /** Of all rows, in pixels. */
  get total() {
    return this.heights.between(this.first, this.end);
  }

  get spacer() {
    return Math.min(this.total, MAX_SPACER);
  }

  /** The greatest distance of the window from the top, in pixels of the list. */
  get most() {
    return Math.max(0, this.total - this.height);
  }

  /** The distance of the window from the top, in pixels of the list. */
  get top() {
    if (this.follows) return this.most;
    const top = this.heights.between(this.first, this.key) + this.inside;
    return Math.max(0, Math.min(this.most, top));
  }

  get isScaled() {
    return this.total > MAX_SPACER;
  }

  /** The position of the scroll bar, in pixels of the spacer. */
  get scrollTop() {
    if (!this.isScaled) return this.top;
    const most = this.most;
    return most === 0 ? 0 : (this.top / most) * (this.spacer - this.height);
  }

  /** @param {number} first @param {number} end */
  setRange(first, end) {
    this.first = first;
    this.end = end;
    if (this.key < first) {
      this.key = first;
      this.inside = 0;
    } else if (this.key >= end && end > first) this.key = end - 1;
  }

  /** @param {boolean} isEnd Whether nothing is missing behind the last row. */
  setEnd(isEnd) {
    const isReached = isEnd && !this.isEnd;
    this.isEnd = isEnd;
    if (isReached && this.top >= this.most - 1) this.follows = true;
  }

  /**
   * Moves the window to a distance from the top of the list, in pixels.
   *
   * @param {number} top
   */
  moveTo(top) {
    const most = this.most;
    const place = Math.max(0, Math.min(most, top));
    const { key, inside } = this.heights.at(this.first, this.end, place);
    this.key = key;
    this.inside = inside;
    this.follows = this.isEnd && place >= most - 1;
  }

  /** @param {number} pixels */
  moveBy(pixels) {
    this.moveTo(this.top + pixels);
  }

  /**
   * Moves to where the scroll bar was moved. Small moves are taken pixel by pixel.
   *
   * @param {number} scrollTop
   * @param {number} before Where the scroll bar was.
   */
  moveToScroll(scrollTop, before) {
    if (!this.isScaled) {
      this.moveTo(scrollTop);
      return;
    }
    const range = this.spacer - this.height;
    const moved = scrollTop - before;
    const isAtEnd = scrollTop <= 0 || scrollTop >= range - 1;
    if (Math.abs(moved) < 2 * this.height && !isAtEnd) this.moveBy(moved);
    else this.moveTo((scrollTop / range) * this.most);
  }

  /**
   * Puts a row at the top of the window.
   *
   * @param {number} key
   * @param {number} inside How much of it is above the window.
   */
  moveToKey(key, inside) {
    this.follows = false;
    this.key = key;
    this.inside = inside;
  }

  /**
   * Moves as little as needed for a row to be in the window.
   *
   * @param {number} key
   */
  reveal(key) {
    const above = this.heights.between(this.first, key);
    const below = above + this.heights.of(key);
    const top = this.top;
    if (above < top || below - above > this.height) this.moveTo(above);
    else if (below > top + this.height) this.moveTo(below - this.height);
  }

  /** Puts a row into the middle of the window. @param {number} key */
  centre(key) {
    this.moveTo(this.heights.between(this.first, key) - (this.height - this.heights.of(key)) / 2);
  }

  /**
   * The rows in the window, and some beyond it.
   *
   * @param {number} beyond How many on each side.
   * @returns {{from: number, to: number}}
   */
  visible(beyond) {
    if (this.end === this.first) return { from: this.first, to: this.first };
    const top = this.top;
    const from = this.heights.at(this.first, this.end, top).key;
    const last = this.heights.at(this.first, this.end, top + this.height).key;
    return { from: Math.max(this.first, from - beyond), to: Math.min(this.end, last + 1 + beyond) };
  }
}
