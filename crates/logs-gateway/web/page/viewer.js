/** The log on the page: its rows, its place, what the status line says of it. */

import { finder } from '../text/found.js';
import { instantOf, stamp, writeInstant } from '../text/time.js';
import { isNote } from '../model/row.js';
import { EMPTY_VIEW, viewTitle, writeView } from '../model/view.js';
import { List } from '../view/list.js';
import { buildRow } from '../view/row.js';
import { Folding } from './folding.js';
import { Reader } from './reader.js';

/** @import { Settings } from '../model/local_store.js' */
/** @import { Line, Row } from '../model/row.js' */
/** @import { Trouble } from '../model/problems.js' */
/** @import { View } from '../model/view.js' */
/** @import { Streams } from '../api/streams.js' */
/** @import { FieldAction } from '../view/fields.js' */
/** @import { ReaderSource } from './reader.js' */

/** The height of a row, as the style has it. */
const ROW = 18;
/** How long after a failure lines are read again, in milliseconds. */
const RETRY = 3000;

/**
 * @typedef {object} ViewerEvents
 * @property {(view: View) => void} opened Another view is shown.
 * @property {() => void} changed The status or what is in sight has changed.
 * @property {(rows: Row[]) => void} written
 * @property {(record: {state: string, expires_at: string}) => void} auth
 * @property {FieldAction} fieldAction
 */

export class Viewer {
  /**
   * @param {HTMLElement} pane
   * @param {Streams} streams
   * @param {Settings} settings
   * @param {ViewerEvents} events
   */
  constructor(pane, streams, settings, events) {
    this.settings = settings;
    this.events = events;
    this.pane = pane;
    /** @type {View} */
    this.view = EMPTY_VIEW;
    /** @type {ReaderSource} */
    this.source = { history: true, before: true, user: '' };
    /** The line that keys act on. @type {number | null} */
    this.current = null;
    this.folding = new Folding(this);
    this.hitsOf = finder('');
    /** @type {Trouble | null} */
    this.trouble = null;
    /** Lines that came since the end was left. */
    this.unseen = 0;
    this.reader = new Reader(streams, {
      changed: () => this.changed(),
      written: (rows) => this.written(rows),
      auth: events.auth,
      failed: (trouble) => this.failed(trouble),
    });
    this.list = new List(pane, ROW, {
      range: () => ({ first: this.reader.lines.first, end: this.reader.lines.end }),
      isEnd: () => this.reader.stream !== null || this.reader.isAtEnd === true,
      build: (key) => buildRow(this.row(key), key, this.look(), this.now),
      hidden: () => this.folding.hidden,
      isFlexible: (key) => this.settings.wrap || this.folding.isOpen(key),
      nearBegin: () => void (this.trouble ?? this.reader.readUp()),
      nearEnd: () => void (this.trouble ?? this.reader.readDown()),
      moved: () => this.moved(),
    });
    this.now = Date.now();
  }

  /** @returns {import('../view/row.js').RowLook} */
  look() {
    return {
      stamps: this.settings.stamps,
      names: this.names,
      columns: this.view.columns,
      sourceOf: (number) => this.reader.sources.get(number),
      hueOf: (name) => this.reader.sources.hues.of(name),
      hitsOf: this.hitsOf,
      traceOf: (key) => this.folding.traceOf(key),
      isUnfolded: (key) => this.folding.isOpen(key),
      isRaw: (key) => this.folding.raw.has(key),
      isCurrent: (key) => this.current === key,
      fieldAction: this.events.fieldAction,
    };
  }

  /** How much of its name each line shows. @returns {'none' | 'container' | 'pod'} */
  get names() {
    const { targets } = this.view;
    const isOfPods = targets.some(({ pod, namespace }) => pod !== targets[0].pod || namespace !== targets[0].namespace || /[*?]/.test(pod + namespace));
    if (isOfPods) return 'pod';
    return targets.length > 1 || targets.some(({ container }) => container === '*') ? 'container' : 'none';
  }

  /** @param {number} key */
  row(key) {
    return this.reader.lines.row(key);
  }

  /**
   * Shows a view.
   *
   * @param {View} view
   * @param {'push' | 'replace' | 'keep'} url What becomes of the URL of the page.
   */
  async open(view, url) {
    this.view = view;
    this.hitsOf = finder(view.find);
    if (url === 'push') history.pushState(null, '', writeView(view) || '/');
    if (url === 'replace') history.replaceState(null, '', writeView(view) || '/');
    document.title = view.targets.length > 0 ? `${viewTitle(view)} · Logs` : 'Logs';
    this.trouble = null;
    this.unseen = 0;
    this.current = null;
    this.folding.clear();
    this.now = Date.now();
    this.events.opened(view);
    this.list.reset(view.place.kind === 'end');
    if (view.targets.length === 0) {
      this.reader.clear();
      this.changed();
      return;
    }
    const line = await this.reader.open(view, this.source);
    if (view !== this.view) return;
    if (view.place.kind !== 'end') this.goToPlace(line);
    this.changed();
  }

  /** @param {Trouble} trouble */
  failed(trouble) {
    this.trouble = trouble;
    this.changed();
    if (trouble.isTransient) setTimeout(() => this.trouble === trouble && this.retry(), RETRY);
  }

  /** Reads again what could not be read. */
  retry() {
    if (!this.trouble) return;
    this.trouble = null;
    if (this.reader.lines.count === 0) void this.open(this.view, 'keep');
    else this.changed();
  }

  /** @param {Line | null} line */
  goToPlace(line) {
    const { lines } = this.reader;
    const { place } = this.view;
    if (lines.count === 0) return;
    if (place.kind === 'begin') {
      this.list.viewport.moveToKey(lines.first, 0);
      this.list.invalidate();
      return;
    }
    const instant = line ?? instantOf(place.kind === 'time' ? place.time : '');
    let key = Math.min(lines.keyAt(instant), lines.end - 1);
    while (key < lines.end - 1 && isNote(this.row(key))) key += 1;
    if (line) key = this.keyOf(line, key);
    key = this.folding.reveal(key);
    this.setCurrent(key);
    this.list.centre(key);
  }

  /** @param {Line} line @param {number} from */
  keyOf(line, from) {
    for (let key = from; key < this.reader.lines.end; key += 1) {
      const row = this.row(key);
      if (!isNote(row) && (row === line || (row.text === line.text && row.ns === line.ns && row.ms === line.ms))) return key;
    }
    return from;
  }

  /** Shows the view with changes, from the end or the place that they name. @param {Partial<View>} changes @param {'push' | 'replace'} url */
  change(changes, url = 'push') {
    void this.open({ ...this.view, place: { kind: 'end' }, ...changes }, url);
  }

  /** Goes to a time, in milliseconds. @param {number} ms */
  jumpTo(ms) {
    const { lines } = this.reader;
    const [first, last] = [lines.firstLine(), lines.lastLine()];
    if (first && last && first.ms <= ms && ms <= last.ms) {
      const key = this.folding.rowOf(Math.min(lines.keyAt({ ms, ns: 0 }), lines.end - 1));
      this.setCurrent(key);
      this.list.centre(key);
    } else {
      this.change({ place: { kind: 'time', time: writeInstant(ms) } });
    }
  }

  /** To the end, and stays there. */
  goToEnd() {
    this.unseen = 0;
    const isAtEnd = this.reader.stream !== null || this.reader.isAtEnd;
    if (!isAtEnd || this.view.place.kind !== 'end') {
      const view = { ...this.view, place: /** @type {const} */ ({ kind: 'end' }) };
      if (isAtEnd) {
        this.view = view;
        history.replaceState(null, '', writeView(view));
      } else {
        void this.open(view, 'push');
        return;
      }
    }
    if (this.reader.held) this.reader.resume();
    this.setCurrent(null);
    this.list.follow();
    this.changed();
  }

  goToBegin() {
    if (this.reader.isAtBegin && this.reader.lines.count > 0) {
      this.list.viewport.moveToKey(this.reader.lines.first, 0);
      this.list.invalidate();
      this.setCurrent(this.reader.lines.first);
    } else this.change({ place: { kind: 'begin' } });
  }

  /** @param {Row[]} rows */
  written(rows) {
    this.now = Date.now();
    if (!this.list.viewport.follows) this.unseen += rows.length;
    this.reader.trim(this.list.viewport.follows);
    this.folding.grown(rows);
    this.events.written(rows);
    this.changed();
  }

  /** Times before now grow as time goes on. */
  tick() {
    this.now = Date.now();
    if (this.settings.stamps !== 'relative') return;
    for (const [key, shown] of this.list.rows) {
      const row = key >= this.reader.lines.first && key < this.reader.lines.end ? this.row(key) : null;
      const button = shown.querySelector('.stamp');
      if (row && button) button.textContent = stamp(row.ms, 'relative', this.now);
    }
  }

  changed() {
    this.list.invalidate();
    this.events.changed();
  }

  moved() {
    if (this.list.viewport.follows) this.unseen = 0;
    this.events.changed();
  }

  /** The times of the lines in sight. @returns {[number, number] | null} */
  inSight() {
    const { from, to } = this.list.viewport.visible(0);
    const [first, last] = [this.reader.lines.lineFrom(from, 1), this.reader.lines.lineFrom(to - 1, -1)];
    return first && last && to > from ? [first.ms, Math.max(first.ms, last.ms)] : null;
  }

  /** @param {number | null} key */
  setCurrent(key) {
    const before = this.current;
    this.current = key;
    if (before !== null) this.list.rows.get(before)?.classList.remove('current');
    if (key !== null) this.list.rows.get(key)?.classList.add('current');
  }

  /** Moves the current line by one row; from the middle of the window if there is none. @param {1 | -1} step */
  moveCurrent(step) {
    const { first, end } = this.reader.lines;
    if (end === first) return;
    const { from, to } = this.list.viewport.visible(0);
    const start = this.list.viewport.follows ? end : Math.floor((from + to) / 2) - step;
    const key = this.folding.next(this.current ?? start, step);
    this.setCurrent(key);
    if (this.list.viewport.follows && this.folding.next(key, 1) !== key) this.list.viewport.moveBy(-2);
    this.list.reveal(key);
  }

  /** The current line; without one the last in sight that is a line. @returns {{key: number, line: Line} | null} */
  currentLine() {
    const from = this.current ?? this.list.viewport.visible(0).to - 1;
    for (let key = from; key >= this.reader.lines.first; key -= 1) {
      const row = this.row(key);
      if (!isNote(row)) return { key: this.folding.rowOf(key), line: /** @type {Line} */ (this.row(this.folding.rowOf(key))) };
    }
    return null;
  }

  /** Puts the settings to use. @param {Settings} settings */
  use(settings) {
    this.settings = settings;
    this.now = Date.now();
    this.pane.classList.toggle('wrap', settings.wrap);
    this.list.rebuild();
  }
}
