/**
 * Reads the lines of a view: from a place in the log, earlier and later ones as they are needed, and
 * new ones as they are written.
 */

import { logUrl, timeParameter } from '../api/log_url.js';
import { Refusal } from '../api/request.js';
import { beginText, linesOfFirstInstant, withoutKnown } from '../model/joining.js';
import { Lines } from '../model/lines.js';
import { troubleOf } from '../model/problems.js';
import { noteBetween, Reading } from '../model/reading.js';
import { countLines, firstLine, isNote, isSameLine, lastLine } from '../model/row.js';
import { Sources } from '../model/sources.js';
import { isFiltered, isMerged } from '../model/view.js';
import { readPage, takeRecord } from './line_page.js';
import { firstRanges, PAGE, rangeAfter, rangeBefore } from './ranges.js';

/** @import { LineRange } from '../api/log_url.js' */
/** @import { Streams } from '../api/streams.js' */
/** @import { Line, Row } from '../model/row.js' */
/** @import { Trouble } from '../model/problems.js' */
/** @import { StreamState } from '../model/status.js' */
/** @import { View } from '../model/view.js' */
/** @import { Page } from './line_page.js' */

/** While paused, so many lines are kept; later ones are read again afterwards. */
const MAX_HELD = 20_000;

/**
 * @typedef {object} ReaderSource What the source of the logs can do, and who reads.
 * @property {boolean} history
 * @property {boolean} before
 * @property {string} user
 *
 * @typedef {object} ReaderEvents
 * @property {() => void} changed Rows or what is being done have changed.
 * @property {(rows: Row[]) => void} written New rows came at the end.
 * @property {(record: {state: string, expires_at: string}) => void} auth The log-in ends or has ended.
 * @property {(trouble: Trouble) => void} failed
 */

export class Reader {
  /** @param {Streams} streams @param {ReaderEvents} events */
  constructor(streams, events) {
    this.streams = streams;
    this.events = events;
    this.lines = new Lines();
    this.sources = new Sources();
    /** @type {View | null} */
    this.view = null;
    /** @type {ReaderSource} */
    this.source = { history: true, before: true, user: '' };
    this.aborter = new AbortController();
    this.endSubscription = () => {};
    /** @param {Reading} reading @param {string} name @param {string} data */
    this.take = (reading, name, data) => {
      if (name === 'auth') this.events.auth(JSON.parse(data));
      else takeRecord(reading, name, data, this.view?.targets ?? []);
    };
    this.clear();
  }

  clear() {
    this.aborter.abort();
    this.aborter = new AbortController();
    this.endSubscription();
    this.endSubscription = () => {};
    this.lines = new Lines();
    this.sources = new Sources();
    /** State of the stream that is followed. @type {StreamState | null} */
    this.stream = null;
    /** The logs that are followed, by their names. @type {Set<string>} */
    this.followed = new Set();
    this.isAtBegin = false;
    this.isAtEnd = false;
    /** What is read at present, in words. */
    this.activity = '';
    this.isReadingUp = false;
    this.isReadingDown = false;
    /** Rows that came while paused; null if not paused. @type {Row[] | null} */
    this.held = null;
  }

  /**
   * Reads a view from its place on.
   *
   * @param {View} view
   * @param {ReaderSource} source
   * @returns {Promise<Line | null>} The line of the place, if it is one.
   */
  async open(view, source) {
    this.clear();
    this.view = view;
    this.source = source;
    const { place } = view;
    if (place.kind === 'end' && !view.to) {
      this.follow('');
      return null;
    }
    return this.during(isFiltered(view) ? 'searching…' : 'reading…', async (signal) => {
      const ranges = firstRanges(view);
      const [up, down] = await Promise.all(ranges.map((range) => (range ? this.page(range, signal) : null)));
      if (signal.aborted) return null;
      if (down) this.addDown(down);
      else this.isAtEnd = true;
      if (up) this.addUp(up, []);
      else this.isAtBegin = true;
      return place.kind === 'cursor' ? lastLine(up?.rows ?? []) : null;
    }).then((line) => line ?? null);
  }

  /**
   * Says what is done meanwhile, and what went wrong.
   *
   * @template T
   * @param {string} activity
   * @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T | null>} Null if it failed or is of no use any more.
   */
  async during(activity, work) {
    const { signal } = this.aborter;
    this.activity = activity;
    this.events.changed();
    try {
      return await work(signal);
    } catch (error) {
      if (signal.aborted) return null;
      this.events.failed(troubleOf(error instanceof Refusal ? error.problem : { status: 500, code: '', detail: String(error), retryAfter: 0 }));
      return null;
    } finally {
      if (!signal.aborted) {
        this.activity = '';
        this.events.changed();
      }
    }
  }

  /** @param {LineRange} range @param {AbortSignal} signal */
  page(range, signal) {
    return readPage(this.url(range), this.sources, this.take, signal);
  }

  /** @param {LineRange} range */
  url(range) {
    return logUrl(/** @type {View} */ (this.view), range, this.source);
  }

  get isMerged() {
    return this.view !== null && (isMerged(this.view) || !this.source.before);
  }

  /** Reads the page before the first line. */
  async readUp() {
    const first = this.lines.firstLine();
    if (this.isReadingUp || this.isAtBegin || !first || !this.view) return;
    this.isReadingUp = true;
    const range = rangeBefore(first, this.isMerged);
    await this.during(isFiltered(this.view) ? 'searching earlier lines…' : 'reading earlier lines…', async (signal) => {
      const page = await this.page(range, signal);
      if (!signal.aborted) this.addUp(page, this.isMerged ? linesOfFirstInstant(this.lines) : []);
    });
    this.isReadingUp = false;
  }

  /** @param {Page} page @param {Line[]} known Lines of it that are there already. */
  addUp({ rows, reason }, known) {
    const fresh = rows.filter((row) => isNote(row) || !known.some((line) => isSameLine(line, row)));
    const isWhole = reason === 'complete' && countLines(rows) < PAGE;
    const isStuck = reason === 'complete' && countLines(fresh) === 0;
    const note = noteBetween(lastLine(fresh), this.lines.firstLine(), this.sources);
    if (note) fresh.push(note);
    if (isWhole || isStuck) {
      this.isAtBegin = true;
      fresh.unshift({ note: 'begin', text: beginText(/** @type {View} */ (this.view)), ms: 0 });
    }
    this.lines.prepend(fresh);
    if (this.lines.trim('last')) this.leaveEnd();
    this.events.changed();
  }

  /** Reads the page behind the last line; at the end of the log, follows it. */
  async readDown() {
    const last = this.lines.lastLine();
    if (this.isReadingDown || this.isAtEnd || this.stream || !last || !this.view) return;
    this.isReadingDown = true;
    const range = rangeAfter(last, this.isMerged);
    await this.during('reading later lines…', async (signal) => {
      const page = await this.page(range, signal);
      if (!signal.aborted) this.addDown(page);
    });
    this.isReadingDown = false;
  }

  /** @param {Page} page */
  addDown({ rows, reason }) {
    const fresh = withoutKnown(this.lines, rows);
    const note = noteBetween(this.lines.lastLine(), firstLine(fresh), this.sources);
    this.lines.append(note ? [note, ...fresh] : fresh);
    if (this.lines.trim('first')) this.isAtBegin = false;
    if (reason === 'complete') this.endReached();
    this.events.changed();
  }

  /** Everything that was written is loaded. */
  endReached() {
    if (this.view?.to) {
      this.isAtEnd = true;
      return;
    }
    const last = this.lines.lastLine();
    if (this.isMerged && last) this.followFrom({ follow: true, sinceTime: timeParameter(last.ms, last.ns) }, '');
    else this.follow(last?.cursor ?? '');
  }

  /** Follows the log, from its end or after a line. @param {string} after */
  follow(after) {
    this.followFrom({ follow: true, tailLines: PAGE }, after);
  }

  /** @param {LineRange} range @param {string} after */
  followFrom(range, after) {
    this.stream = { phase: 'opening' };
    const reading = new Reading(this.sources);
    this.followed = reading.open;
    this.endSubscription();
    this.endSubscription = this.streams.subscribe(
      { kind: 'log', url: this.url(range), user: this.source.user, after },
      {
        records: (records) => this.received(reading, records),
        state: (state) => this.streamed(state),
        missed: () => {
          this.stream = null;
          void this.readDown();
        },
      },
    );
  }

  /** @param {Reading} reading @param {string[]} records */
  received(reading, records) {
    for (const record of records) {
      const tab = record.indexOf('\t');
      this.take(reading, record.slice(0, tab), record.slice(tab + 1));
    }
    this.written(reading.take());
  }

  /** @param {Row[]} rows */
  written(rows) {
    if (rows.length === 0) return;
    if (this.held) {
      this.held.push(...rows);
      if (this.held.length > MAX_HELD) this.leaveEnd();
      this.events.changed();
      return;
    }
    const fresh = this.isMerged ? withoutKnown(this.lines, rows) : rows;
    const note = noteBetween(this.lines.lastLine(), firstLine(fresh), this.sources);
    this.lines.append(note ? [note, ...fresh] : fresh);
    this.events.written(fresh);
  }

  /** @param {StreamState} state */
  streamed(state) {
    this.stream = state;
    // The next answer says anew which logs there are.
    if (state.phase === 'retrying') this.followed.clear();
    this.events.changed();
  }

  /** Stops to follow: lines at the end are not kept any more. */
  leaveEnd() {
    this.endSubscription();
    this.endSubscription = () => {};
    this.stream = null;
    this.isAtEnd = false;
  }

  pause() {
    this.held ??= [];
    this.events.changed();
  }

  /** Shows what came while paused, and goes on. */
  resume() {
    const held = this.held ?? [];
    this.held = null;
    if (this.stream) this.written(held);
    else void this.readDown();
    this.events.changed();
  }

  /** Drops rows beyond the bound of memory. @param {boolean} isAtEnd Whether the end is looked at. */
  trim(isAtEnd) {
    if (isAtEnd) {
      if (this.lines.trim('first')) this.isAtBegin = false;
    } else if (this.lines.trim('last')) this.leaveEnd();
  }
}
