/** The next and the previous match: `n` and `N`. */

import { logUrl, timeParameter } from '../api/log_url.js';
import { readEvents } from '../api/request.js';
import { isNote } from '../model/row.js';
import { isMerged } from '../model/view.js';
import { justAfter } from '../text/time.js';

/** @import { LineRange } from '../api/log_url.js' */
/** @import { LineRecord } from '../model/reading.js' */
/** @import { Line } from '../model/row.js' */
/** @import { Viewer } from './viewer.js' */

export class Finding {
  /** @param {Viewer} viewer @param {(text: string) => void} tell */
  constructor(viewer, tell) {
    this.viewer = viewer;
    this.tell = tell;
  }

  /** @param {1 | -1} step */
  async go(step) {
    const { view } = this.viewer;
    if (view.grep.length > 0) this.goInFiltered(step);
    else if (view.find) await this.search(step);
    else this.tell('nothing to find: filter with / first');
  }

  /** Every line of a filtered view matches. @param {1 | -1} step */
  goInFiltered(step) {
    const { lines } = this.viewer.reader;
    const from = this.viewer.current ?? (step > 0 ? lines.first - 1 : lines.end);
    for (let key = from + step; key >= lines.first && key < lines.end; key += step) {
      if (isNote(this.viewer.row(key))) continue;
      this.viewer.setCurrent(key);
      this.viewer.list.viewport.follows = false;
      this.viewer.list.centre(key);
      return;
    }
    this.tell(step > 0 ? 'no later match so far' : 'no earlier match so far');
  }

  /** Asks the gateway, since other lines are shown as well. @param {1 | -1} step */
  async search(step) {
    const { view, source, reader } = this.viewer;
    const current = this.viewer.currentLine();
    if (!current) return;
    const filtered = { ...view, grep: [view.find], from: '', to: '' };
    const range = isMerged(view) || !current.line.cursor ? this.byTime(current.line, step) : this.byCursor(current.line.cursor, step);
    /** @type {LineRecord[]} */
    const found = [];
    const isRead = await reader.during('searching…', async (signal) => {
      await readEvents(logUrl(filtered, range, source), signal, (events) => {
        for (const { name, data } of events) if (name === 'message') found.push(JSON.parse(data));
      });
      return true;
    });
    if (!isRead) return;
    const [match] = found;
    if (!match) this.tell(step > 0 ? 'no later match' : 'no earlier match');
    else this.viewer.change({ place: isMerged(view) || !match.cursor ? { kind: 'time', time: match.time } : { kind: 'cursor', cursor: match.cursor } });
  }

  /** @param {string} cursor @param {1 | -1} step @returns {LineRange} */
  byCursor(cursor, step) {
    return step > 0 ? { after: cursor, limitLines: 1 } : { before: cursor, tailLines: 1 };
  }

  /** @param {Line} line @param {1 | -1} step @returns {LineRange} */
  byTime(line, step) {
    const later = justAfter(line);
    return step > 0
      ? { sinceTime: timeParameter(later.ms, later.ns), limitLines: 1 }
      : { untilTime: timeParameter(line.ms, line.ns), tailLines: 1 };
  }
}
