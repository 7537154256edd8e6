/**
 * Reads the lines of a view: from a place in the log, earlier and later ones as they are needed, and
 * new ones as they are written.
 */

import { logUrl, timeParameter } from '../api/log_url.js';
import { beginText, isFirstPage, linesOfFirstInstant, PAGE, withoutKnown, withoutLines } from '../model/joining.js';
import { LeftOut } from '../model/left_out.js';
import { Lines } from '../model/lines.js';
import { missingNote, noteBetween } from '../model/reading.js';
import { firstLine, lastLine } from '../model/row.js';
import { SearchProgress } from '../model/search_progress.js';
import { Sources } from '../model/sources.js';
import { isFiltered, isMerged } from '../model/view.js';
import { Following } from './following.js';
import { readRange, takeRecord, troubleOfFailure } from './line_page.js';
import { firstRanges, rangeAfter, rangeBefore, rangeFrom, rangeUpTo } from './ranges.js';

/** @import { LineRange } from '../api/log_url.js' */
/** @import { Streams } from '../api/streams.js' */
/** @import { Line, Row } from '../model/row.js' */
/** @import { Trouble } from '../model/problems.js' */
/** @import { Reading } from '../model/reading.js' */
/** @import { ReadPage } from '../model/joining.js' */
/** @import { View } from '../model/view.js' */
/** @import { Instant } from '../text/time.js' */

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
    this.events = events;
    this.lines = new Lines();
    this.sources = new Sources();
    this.leftOut = new LeftOut();
    this.progress = new SearchProgress();
    this.isAtBegin = false;
    this.activity = '';
    /** @type {View | null} */
    this.view = null;
    /** @type {ReaderSource} */
    this.source = { history: true, before: true, user: '' };
    this.aborter = new AbortController();
    /** @param {Reading} reading @param {string} name @param {string} data */
    this.take = (reading, name, data) => {
      this.progress.take(name, data, Date.now());
      if (name === 'auth') this.events.auth(JSON.parse(data));
      else {
        const leftOut = takeRecord(reading, name, data, this.view?.targets ?? []);
        if (leftOut) this.leftOut.add(leftOut);
      }
    };
    this.following = new Following(streams, {
      take: this.take,
      taken: (reading) => this.written(reading.take()),
      changed: () => this.events.changed(),
      missed: () => void this.readDown(),
      missingNodes: () => this.page({ tailLines: 0 }, this.aborter.signal).then(({ missing }) => missing, () => null),
    });
    this.clear();
  }

  clear() {
    this.aborter.abort();
    this.aborter = new AbortController();
    this.following.stop();
    this.lines = new Lines();
    this.sources = new Sources();
    this.leftOut = new LeftOut();
    this.isAtBegin = false;
    this.isAtEnd = false;
    /** Incarnations of the pod are on several nodes, which read on by time alone. */
    this.isSpread = false;
    /** The nodes that a page could not read. @type {string[]} */
    this.missing = [];
    this.progress = new SearchProgress();
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
      this.followFrom({ follow: true, tailLines: PAGE }, '');
      return null;
    }
    return this.during(isFiltered(view) ? 'searching…' : 'reading…', async (signal) => {
      const ranges = firstRanges(view);
      const [up, down] = await Promise.all(ranges.map((range) => (range ? this.page(range, signal) : null)));
      if (signal.aborted) return null;
      if (down) this.addDown(down);
      else this.isAtEnd = true;
      this.addUp(up ?? { rows: [], count: 0, isWhole: true, missing: [] }, [], null);
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
      this.events.failed(troubleOfFailure(error));
      return null;
    } finally {
      if (!signal.aborted) {
        this.activity = '';
        this.events.changed();
      }
    }
  }

  /** The state of the stream that is followed; null without one. */
  get stream() {
    return this.following.stream;
  }

  /** @param {LineRange} range @param {AbortSignal} signal */
  async page(range, signal) {
    const page = await readRange(/** @type {View} */ (this.view), range, this.source, this.sources, this.take, signal);
    this.isSpread ||= page.isSpread;
    return page;
  }

  /** @param {LineRange} range */
  url(range) {
    return logUrl(/** @type {View} */ (this.view), range, this.source);
  }

  get isMerged() {
    return this.view !== null && (isMerged(this.view) || !this.source.before || this.isSpread);
  }

  /** Reads the page before the first line. */
  async readUp() {
    const first = this.lines.firstLine();
    const begin = this.leftOut.begin(first);
    if (this.isReadingUp || this.isAtBegin || !begin || !this.view) return;
    this.isReadingUp = true;
    const range = first && !this.isMerged ? rangeBefore(first) : rangeUpTo(begin);
    await this.during(isFiltered(this.view) ? 'searching earlier lines…' : 'reading earlier lines…', async (signal) => {
      const page = await this.page(range, signal);
      if (!signal.aborted) this.addUp(page, this.isMerged ? linesOfFirstInstant(this.lines) : [], begin);
    });
    this.isReadingUp = false;
  }

  /** @param {ReadPage} page @param {Line[]} known Lines of it that are there already. @param {Instant | null} begin Up to which it was read. */
  addUp(page, known, begin) {
    const fresh = withoutLines(page.rows, known);
    const isBegin = isFirstPage(page, fresh, begin, this.leftOut.begin(null));
    fresh.push(...this.notes(lastLine(fresh), this.lines.firstLine(), page.missing));
    if (isBegin) {
      this.isAtBegin = true;
      fresh.unshift({ note: 'begin', text: beginText(/** @type {View} */ (this.view)), ms: 0 });
    }
    this.lines.prepend(fresh);
    if (this.lines.trim('last')) this.leaveEnd();
    this.events.changed();
  }

  /**
   * The notes between two readings.
   *
   * @param {Line | null} before
   * @param {Line | null} after
   * @param {string[]} missing Nodes that could not be read, which is said once.
   */
  notes(before, after, missing) {
    const isSaid = missing.join() === this.missing.join();
    if (missing.length > 0) this.missing = missing;
    return [noteBetween(before, after, this.sources), isSaid ? null : missingNote(missing)].filter((note) => note !== null);
  }

  /** Reads the page behind the last line; at the end of the log, follows it. */
  async readDown() {
    const last = this.lines.lastLine();
    const end = this.leftOut.end(last);
    if (this.isReadingDown || this.isAtEnd || this.stream || !end || !this.view) return;
    this.isReadingDown = true;
    const range = last && !this.isMerged ? rangeAfter(last) : rangeFrom(end);
    await this.during('reading later lines…', async (signal) => {
      const page = await this.page(range, signal);
      if (!signal.aborted) this.addDown(page);
    });
    this.isReadingDown = false;
  }

  /** @param {ReadPage} page */
  addDown({ rows, isWhole, missing }) {
    const fresh = withoutKnown(this.lines, rows);
    this.lines.append([...this.notes(this.lines.lastLine(), firstLine(fresh), missing), ...fresh]);
    this.trimFirst();
    if (isWhole) this.endReached();
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
    else this.followFrom({ follow: true, tailLines: PAGE }, last?.cursor ?? '');
  }

  /** Follows the log, from its end or after a line. @param {LineRange} range @param {string} after */
  followFrom(range, after) {
    this.following.start(this.sources, this.url(range), this.source.user, after);
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
    this.lines.append([...this.notes(this.lines.lastLine(), firstLine(fresh), []), ...fresh]);
    this.events.written(fresh);
  }

  /** Stops to follow: lines at the end are not kept any more. */
  leaveEnd() {
    this.leftOut.latest = null;
    this.following.stop();
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

  /** Drops rows at the begin beyond the bound of memory. */
  trimFirst() {
    if (!this.lines.trim('first')) return;
    this.isAtBegin = false;
    this.leftOut.earliest = null;
  }

  /** Drops rows beyond the bound of memory. @param {boolean} isAtEnd Whether the end is looked at. */
  trim(isAtEnd) {
    if (isAtEnd) this.trimFirst();
    else if (this.lines.trim('last')) this.leaveEnd();
  }
}
