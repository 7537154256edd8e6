/**
 * The list of rows: only those in sight are on the page.
 *
 * One window holds them. It is moved by `top`, since `transform` breaks the selection of text. Rows
 * that hold an end of the selection stay on the page wherever the window is.
 */

import { Heights } from '../model/heights.js';
import { Viewport } from '../model/viewport.js';
import { element } from './dom.js';

/** @import { Sums } from '../model/sums.js' */

/** How many rows beyond the window are on the page, on each side. */
const BEYOND = 12;
/** Fewer rows than that before an edge: more are asked for. */
const NEAR = 200;

/**
 * @typedef {object} ListSource
 * @property {() => {first: number, end: number}} range
 * @property {() => boolean} isEnd Whether nothing is missing behind the last row.
 * @property {() => Sums | null} hidden One for each row that is not shown by itself.
 * @property {(key: number) => HTMLElement} build
 * @property {(key: number) => boolean} isFlexible Whether its height is to be measured.
 * @property {() => void} nearBegin
 * @property {() => void} nearEnd
 * @property {() => void} moved
 */

export class List {
  /**
   * @param {HTMLElement} scroller
   * @param {number} rowHeight
   * @param {ListSource} source
   */
  constructor(scroller, rowHeight, source) {
    this.scroller = scroller;
    this.source = source;
    this.viewport = new Viewport(new Heights(rowHeight));
    this.spacer = element('div', { class: 'spacer' });
    this.window = element('div', { class: 'window' });
    scroller.append(this.spacer, this.window);
    /** The rows on the page. @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    this.lastScrollTop = 0;
    this.isScheduled = false;
    /** A row to be revealed once its height is known. @type {number | null} */
    this.toReveal = null;
    scroller.addEventListener('scroll', () => this.scrolled(), { passive: true });
    scroller.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.resized()).observe(scroller);
  }

  /** Draws in the next frame. */
  invalidate() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.draw();
    });
  }

  /** Draws all rows anew: how they look has changed. */
  rebuild() {
    this.viewport.heights.clear();
    this.rows.forEach((row) => row.remove());
    this.rows.clear();
    this.invalidate();
  }

  /** Draws one row anew. @param {number} key */
  rebuildRow(key) {
    this.rows.get(key)?.remove();
    this.rows.delete(key);
    this.viewport.heights.set(key, this.viewport.heights.base);
    this.invalidate();
  }

  /** Shows other rows. @param {boolean} follows Whether from their end. */
  reset(follows) {
    this.viewport.moveToKey(0, 0);
    this.viewport.follows = follows;
    this.rebuild();
  }

  resized() {
    this.viewport.height = this.scroller.clientHeight;
    this.viewport.heights.clear();
    this.invalidate();
  }

  scrolled() {
    const { scrollTop } = this.scroller;
    if (Math.abs(scrollTop - this.lastScrollTop) < 1) return;
    this.viewport.moveToScroll(scrollTop, this.lastScrollTop);
    this.lastScrollTop = scrollTop;
    this.invalidate();
  }

  /** Where a pixel of the scroll bar is many of the list, the wheel moves the list itself. @param {WheelEvent} event */
  wheel(event) {
    if (!this.viewport.isScaled || event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? this.viewport.heights.base : event.deltaMode === 2 ? this.viewport.height : 1;
    this.viewport.moveBy(event.deltaY * unit);
    this.invalidate();
  }

  draw() {
    const { first, end } = this.source.range();
    this.viewport.heights.hidden = this.source.hidden();
    this.viewport.setRange(first, end);
    this.viewport.setEnd(this.source.isEnd());
    this.viewport.heights.dropBefore(first);
    this.fit();
    if (this.toReveal !== null) {
      this.viewport.reveal(this.toReveal);
      this.toReveal = null;
      this.fit();
    }
    this.place();
    this.source.moved();
    const { from, to } = this.viewport.visible(0);
    if (from - first < NEAR) this.source.nearBegin();
    if (end - to < NEAR) this.source.nearEnd();
  }

  /** Rows that turn out to have another height change which rows are in sight. */
  fit() {
    for (let turn = 0; turn < 3; turn += 1) {
      this.reconcile();
      if (!this.measure()) break;
    }
  }

  /** Puts the rows on the page that are in sight, and takes others off. */
  reconcile() {
    const { from, to } = this.viewport.visible(BEYOND);
    const pinned = this.selectedKeys();
    const { heights } = this.viewport;
    for (const [key, row] of this.rows) {
      const isHidden = heights.isHidden(key);
      if (isHidden) heights.set(key, heights.base);
      const isInSight = key >= from && key < to && !isHidden;
      row.classList.toggle('pinned', !isInSight);
      if (isInSight || pinned.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    /** @type {Element | null} */
    let next = null;
    for (let key = to - 1; key >= from; key -= 1) {
      if (heights.isHidden(key)) continue;
      let row = this.rows.get(key);
      if (!row) {
        row = this.source.build(key);
        row.dataset.key = String(key);
        this.rows.set(key, row);
        this.window.insertBefore(row, next ?? this.after(to));
      }
      next = row;
    }
    this.from = from;
  }

  /** The first row on the page that is kept behind those in sight. @param {number} to */
  after(to) {
    let found = null;
    for (const [key, row] of this.rows) {
      if (key >= to && (found === null || key < Number(found.dataset.key))) found = row;
    }
    return found;
  }

  /** Measures rows that may have another height. Returns whether any has. */
  measure() {
    let hasChanged = false;
    for (const [key, row] of this.rows) {
      if (row.classList.contains('pinned') || !this.source.isFlexible(key)) continue;
      hasChanged = this.viewport.heights.set(key, row.offsetHeight) || hasChanged;
    }
    return hasChanged;
  }

  /** Moves the window and the scroll bar to where the viewport is. */
  place() {
    const { viewport } = this;
    this.spacer.style.height = `${viewport.spacer}px`;
    const scrollTop = Math.round(viewport.scrollTop);
    const above = viewport.heights.between(viewport.first, this.from ?? viewport.first);
    this.window.style.top = `${scrollTop + Math.round(above - viewport.top)}px`;
    if (Math.abs(this.scroller.scrollTop - scrollTop) >= 1) this.scroller.scrollTop = scrollTop;
    this.lastScrollTop = this.scroller.scrollTop;
  }

  /** The rows that hold an end of the selection of text. */
  selectedKeys() {
    const keys = new Set();
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed) return keys;
    for (const node of [selection.anchorNode, selection.focusNode]) {
      const key = this.keyOf(node);
      if (key !== null) keys.add(key);
    }
    return keys;
  }

  /** The row that a node is in. @param {Node | null} node @returns {number | null} */
  keyOf(node) {
    const start = node instanceof Element ? node : node?.parentElement;
    const row = start?.closest('[data-key]');
    return row instanceof HTMLElement && this.window.contains(row) ? Number(row.dataset.key) : null;
  }

  /** Goes to the end and stays there. */
  follow() {
    this.viewport.follows = true;
    this.invalidate();
  }

  /** @param {number} key */
  reveal(key) {
    this.toReveal = key;
    this.invalidate();
  }

  /** @param {number} key */
  centre(key) {
    this.viewport.height = this.scroller.clientHeight;
    const { first, end } = this.source.range();
    this.viewport.heights.hidden = this.source.hidden();
    this.viewport.setRange(first, end);
    this.viewport.centre(key);
    this.invalidate();
  }

  /** Moves by a part of the window. @param {number} part Negative upwards. */
  page(part) {
    this.viewport.moveBy(part * this.viewport.height);
    this.invalidate();
  }
}
