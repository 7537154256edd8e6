/**
 * Reads the lines of a view: from a place in the log, earlier and later ones as they are needed, and
 * new ones as they are written.
 */

import { logUrl, timeParameter } from '../api/log_url.js';
import { beginText, linesOfFirstInstant, withoutKnown } from '../model/joining.js';
import { Lines } from '../model/lines.js';
import { missingNote, noteBetween } from '../model/reading.js';
import { countLines, firstLine, isNote, isSameLine, lastLine } from '../model/row.js';
import { SearchProgress } from '../model/search_progress.js';
import { Sources } from '../model/sources.js';
import { isFiltered, isMerged } from '../model/view.js';
import { Following } from './following.js';
import { readPage, takeRecord, troubleOfFailure } from './line_page.js';
import { firstRanges, PAGE, rangeAfter, rangeBefore } from './ranges.js';

/** @import { LineRange } from '../api/log_url.js' */
/** @import { Streams } from '../api/streams.js' */
/** @import { Line, Row } from '../model/row.js' */
/** @import { Trouble } from '../model/problems.js' */
/** @import { Reading } from '../model/reading.js' */
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
    this.events = events;
    this.lines = new Lines();
    this.sources = new Sources();
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
      else takeRecord(reading, name, data, this.view?.targets ?? []);
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
    this.isAtBegin = false;
    this.isAtEnd = false;
    /** The nodes that a page could not read. @type {string[]} */
    this.missing = [];
    this.progress = new SearchProgress();
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
      this.addUp(up ?? { rows: [], isWhole: true, missing: [] }, []);
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
  addUp({ rows, isWhole: isLast, missing }, known) {
    const fresh = rows.filter((row) => isNote(row) || !known.some((line) => isSameLine(line, row)));
    const isWhole = isLast && countLines(rows) < PAGE;
    const isStuck = isLast && countLines(fresh) === 0;
    fresh.push(...this.notes(lastLine(fresh), this.lines.firstLine(), missing));
    if (isWhole || isStuck) {
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
  addDown({ rows, isWhole, missing }) {
    const fresh = withoutKnown(this.lines, rows);
    this.lines.append([...this.notes(this.lines.lastLine(), firstLine(fresh), missing), ...fresh]);
    if (this.lines.trim('first')) this.isAtBegin = false;
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
    else this.follow(last?.cursor ?? '');
  }

  /** Follows the log, from its end or after a line. @param {string} after */
  follow(after) {
    this.followFrom({ follow: true, tailLines: PAGE }, after);
  }

  /** @param {LineRange} range @param {string} after */
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

  /** Drops rows beyond the bound of memory. @param {boolean} isAtEnd Whether the end is looked at. */
  trim(isAtEnd) {
    if (isAtEnd) {
      if (this.lines.trim('first')) this.isAtBegin = false;
    } else if (this.lines.trim('last')) this.leaveEnd();
  }
}
