/** The bar that shows when how many lines of which level were written, and chooses a time. */

import { total } from '../model/density.js';
import { LEVELS } from '../text/level.js';
import { counted } from '../text/quantity.js';
import { label } from '../text/time.js';
import { byId } from './dom.js';

/** @import { Density } from '../model/density.js' */
/** @import { StampMode } from '../text/time.js' */

/** A shorter drag is a click, in pixels. */
const CLICK = 4;
/** How often it is drawn while lines come, in milliseconds: drawing takes a good part of a frame. */
const PERIOD = 400;

/**
 * @typedef {object} DensityEvents
 * @property {(ms: number) => void} jump
 * @property {(ms: number) => void} step The same by keyboard, which stays here.
 * @property {(from: number, to: number) => void} choose
 */

export class DensityBar {
  /** @param {DensityEvents} events */
  constructor(events) {
    this.events = events;
    this.frame = byId('density', HTMLElement);
    this.canvas = byId('density-canvas', HTMLCanvasElement);
    this.from = byId('density-from', HTMLElement);
    this.to = byId('density-to', HTMLElement);
    this.hover = byId('density-hover', HTMLElement);
    /** @type {Density | null} */
    this.density = null;
    /** The time in sight. @type {[number, number] | null} */
    this.inSight = null;
    /** Where a drag began, in pixels. @type {number | null} */
    this.dragFrom = null;
    this.dragTo = 0;
    this.isScheduled = false;
    /** It is drawn later. */
    this.isPostponed = false;
    this.drawnAt = 0;
    /** @type {StampMode} */
    this.stamps = 'local';
    new ResizeObserver(() => this.invalidate()).observe(this.canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.invalidate());
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      this.dragFrom = this.dragTo = event.offsetX;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      this.dragTo = event.offsetX;
      this.tell(event.offsetX);
      if (this.dragFrom !== null) this.invalidate();
    });
    canvas.addEventListener('pointerleave', () => (this.hover.textContent = ''));
    canvas.addEventListener('pointerup', () => this.released());
    canvas.addEventListener('pointercancel', () => (this.dragFrom = null));
    canvas.addEventListener('keydown', (event) => this.key(event));
  }

  /** Moves by an interval: the bar is a slider for the keyboard. @param {KeyboardEvent} event */
  key(event) {
    const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });
    if (!this.density || !(event.key in steps)) return;
    event.preventDefault();
    const at = this.inSight ? this.inSight[0] : this.density.from;
    this.events.step(at + steps[event.key] * this.density.length);
  }

  released() {
    const { density, dragFrom, dragTo } = this;
    this.dragFrom = null;
    this.invalidate();
    if (!density || dragFrom === null) return;
    if (Math.abs(dragTo - dragFrom) < CLICK) this.events.jump(this.timeAt(dragFrom));
    else this.events.choose(this.timeAt(Math.min(dragFrom, dragTo)), this.timeAt(Math.max(dragFrom, dragTo)));
  }

  /** @param {number} x In pixels. */
  timeAt(x) {
    const { from, to } = /** @type {Density} */ (this.density);
    return from + (Math.max(0, Math.min(1, x / this.canvas.clientWidth)) * (to - from));
  }

  /** Says what is under the pointer. @param {number} x */
  tell(x) {
    if (!this.density) return;
    const number = Math.floor(this.timeAt(x) / this.density.length);
    const counts = this.density.intervals.get(number);
    const parts = counts ? [...counts].map((count, level) => (count > 0 && level >= 4 ? counted(count, LEVELS[level], `${LEVELS[level]}s`) : '')) : [];
    const lines = counted(counts ? total(counts) : 0, 'line');
    this.hover.textContent = [label(number * this.density.length, this.stamps, Date.now()), lines, ...parts.filter(Boolean)].join(' · ');
  }

  /** @param {Density | null} density @param {StampMode} stamps */
  show(density, stamps) {
    const isOther = density !== this.density || stamps !== this.stamps;
    this.density = density;
    this.stamps = stamps;
    if (isOther) this.invalidate();
    else this.postpone();
  }

  /** @param {[number, number] | null} inSight @param {boolean} follows Whether it changes as lines come. */
  mark(inSight, follows) {
    if (inSight?.[0] === this.inSight?.[0] && inSight?.[1] === this.inSight?.[1]) return;
    this.inSight = inSight;
    if (follows) this.postpone();
    else this.invalidate();
  }

  /** Draws as soon as the last time is long enough ago. */
  postpone() {
    if (this.isPostponed) return;
    this.isPostponed = true;
    setTimeout(() => {
      this.isPostponed = false;
      this.invalidate();
    }, Math.max(0, this.drawnAt + PERIOD - performance.now()));
  }

  invalidate() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => {
      this.isScheduled = false;
      this.draw();
    });
  }

  draw() {
    const { canvas, density } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    this.drawnAt = performance.now();
    canvas.width = width * scale;
    canvas.height = height * scale;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.scale(scale, scale);
    if (!density) return;
    const now = Date.now();
    this.from.textContent = label(density.from, this.stamps, now);
    this.to.textContent = label(density.to, this.stamps, now);
    const place = (/** @type {number} */ ms) => ((ms - density.from) / (density.to - density.from)) * width;
    this.drawIntervals(context, density, place, height);
    const style = getComputedStyle(canvas);
    const span = this.dragFrom !== null ? [this.dragFrom, this.dragTo].sort((one, other) => one - other) : this.inSight?.map(place);
    if (span) {
      context.fillStyle = style.getPropertyValue('--in-sight');
      context.fillRect(span[0], 0, Math.max(2, span[1] - span[0]), height);
    }
    canvas.setAttribute('aria-valuetext', this.inSight ? label(this.inSight[0], this.stamps, now) : 'no line in sight');
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Density} density
   * @param {(ms: number) => number} place
   * @param {number} height
   */
  drawIntervals(context, density, place, height) {
    const style = getComputedStyle(this.canvas);
    const colours = LEVELS.map((level) => style.getPropertyValue(`--bar-${level}`) || style.getPropertyValue('--bar-none'));
    const most = density.most || 1;
    const width = Math.max(1, place(density.from + density.length) - 0.5);
    for (const [number, counts] of density.intervals) {
      const x = place(number * density.length);
      // A single line among a million is still seen.
      const full = Math.max(2, (total(counts) / most) * (height - 2));
      let bottom = height;
      for (const level of ORDER) {
        if (counts[level] === 0) continue;
        const part = Math.max(level >= 4 ? 2 : 0, (counts[level] / total(counts)) * full);
        context.fillStyle = colours[level];
        context.fillRect(x, bottom - part, width, part);
        bottom -= part;
      }
    }
  }
}

/** The worst at the bottom, where it is seen best. */
const ORDER = [6, 5, 4, 3, 0, 2, 1];
