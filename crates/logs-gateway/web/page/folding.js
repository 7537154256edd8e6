/** Which rows are folded: long lines, the fields of JSON, and stack traces. */

import { FLAG, isNote } from '../model/row.js';
import { headOf, traceOf } from '../model/traces.js';
import { parseJsonLine } from '../text/json_line.js';
import { FOLDED_LENGTH } from '../text/segments.js';

/** @import { Line, Row } from '../model/row.js' */
/** @import { Viewer } from './viewer.js' */

export class Folding {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Set<number>} */
    this.unfolded = new Set();
    /** Lines that are shown as they were written. @type {Set<number>} */
    this.raw = new Set();
  }

  /** Folds all. */
  clear() {
    this.unfolded.clear();
    this.raw.clear();
  }

  /** Whether a row shows all of its lines, or its line as it was written. @param {number} key */
  isOpen(key) {
    return this.unfolded.has(key) || this.raw.has(key);
  }

  get lines() {
    return this.viewer.reader.lines;
  }

  /** Whether stack traces are folded. Where lines are chosen by their text, the first line of a trace may be missing. */
  get foldsTraces() {
    const { settings, view } = this.viewer;
    return settings.fold && view.grep.length + view.exclude.length === 0;
  }

  /** One for each row that is not shown by itself. */
  get hidden() {
    return this.foldsTraces ? this.lines.traces : null;
  }

  /** The lines that a row shows beside its own when it is unfolded. @param {number} key @returns {Line[]} */
  traceOf(key) {
    if (!this.foldsTraces) return [];
    return traceOf(this.lines, key).map((part) => /** @type {Line} */ (this.lines.row(part)));
  }

  /** The row that shows a line. @param {number} key */
  rowOf(key) {
    return this.foldsTraces ? headOf(this.lines, key) : key;
  }

  /** Unfolds a line if it is part of a folded one. @param {number} key @returns {number} The row that shows it. */
  reveal(key) {
    const row = this.rowOf(key);
    if (row !== key) this.unfolded.add(row);
    return row;
  }

  /** The next row in a direction that is shown by itself, and within the list. @param {number} key @param {number} step */
  next(key, step) {
    const { first, end } = this.lines;
    const { hidden } = this;
    let at = key + step;
    while (hidden && at >= first && at < end && hidden.of(at) !== 0) at += step;
    return at >= first && at < end ? at : this.rowOf(Math.max(first, Math.min(end - 1, key)));
  }

  /** Folds or unfolds a row. @param {number} key */
  toggle(key) {
    const { settings } = this.viewer;
    const row = this.lines.row(key);
    if (isNote(row)) return;
    if (this.raw.delete(key)) {
      this.redraw(key);
      return;
    }
    const isLong = row.text.length > FOLDED_LENGTH || !settings.wrap;
    if (!isLong && parseJsonLine(row.text) === null && this.traceOf(key).length === 0) return;
    if (!this.unfolded.delete(key)) this.unfolded.add(key);
    this.redraw(key);
  }

  /** Shows a line as it was written. @param {number} key */
  showRaw(key) {
    this.raw.add(key);
    this.redraw(key);
  }

  /** @param {number} key */
  redraw(key) {
    const { list } = this.viewer;
    const { viewport } = list;
    if (viewport.follows) viewport.moveToKey(viewport.visible(0).from, 0);
    list.rebuildRow(key);
    list.reveal(key);
  }

  /** Draws the rows anew that got more lines. @param {Row[]} written */
  grown(written) {
    if (!this.foldsTraces || !written.some((row) => !isNote(row) && row.flags & FLAG.TRACE)) return;
    const { list } = this.viewer;
    for (const [key, row] of list.rows) {
      if (key < this.lines.first || key >= this.lines.end) continue;
      if (traceOf(this.lines, key).length !== Number(row.dataset.trace ?? 0)) list.rebuildRow(key);
    }
  }
}
