/** One page of lines, as rows. */

import { logUrl } from '../api/log_url.js';
import { noAnswer, readEvents, Refusal } from '../api/request.js';
import { endOf, troubleOf } from '../model/problems.js';
import { Reading } from '../model/reading.js';
import { isNote } from '../model/row.js';
import { isTargeted } from '../model/view.js';
import { parseInstant } from '../text/time.js';

/** @import { Trouble } from '../model/problems.js' */
/** @import { ReadPage } from '../model/joining.js' */
/** @import { Sources } from '../model/sources.js' */
/** @import { Target, View } from '../model/view.js' */
/** @import { LineRange } from '../api/log_url.js' */
/** @import { Instant } from '../text/time.js' */

/** A page that was not given to its end: lines of it are missing. */
class CutPage extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble.text);
    this.trouble = trouble;
  }
}

/**
 * Reads lines of a view. A place in the log of one incarnation of the pod, while others are on other
 * nodes, is `isSpread`: the page is of that incarnation alone, and there may be lines beyond it.
 *
 * @param {View} view
 * @param {LineRange} range
 * @param {{history: boolean}} source What the source of the logs can do.
 * @param {Sources} sources
 * @param {(reading: Reading, name: string, data: string) => void} take Takes one record.
 * @param {AbortSignal} signal
 * @returns {Promise<ReadPage & {isSpread: boolean}>}
 */
export async function readRange(view, range, source, sources, take, signal) {
  const page = (/** @type {boolean} */ history) => readPage(logUrl(view, range, { history }), sources, take, signal);
  try {
    return { ...(await page(source.history)), isSpread: false };
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.code !== 'history_unavailable') throw error;
    return { ...(await page(false)), isWhole: false, isSpread: true };
  }
}

/**
 * @param {string} url
 * @param {Sources} sources
 * @param {(reading: Reading, name: string, data: string) => void} take Takes one record.
 * @param {AbortSignal} signal
 * @returns {Promise<ReadPage>}
 */
export async function readPage(url, sources, take, signal) {
  const reading = new Reading(sources);
  let reason = '';
  let count = 0;
  /** @type {string[]} */
  let missing = [];
  await readEvents(url, signal, (events) => {
    for (const { name, data } of events) {
      if (name === 'end') ({ reason, missing = [] } = JSON.parse(data));
      else {
        for (const line of data.split('\n')) {
          take(reading, name, line);
          if (name === 'message') count += 1;
        }
      }
    }
  });
  if (!reason) throw new Refusal(noAnswer());
  const isGiven = ['complete', 'limit', 'container_exit'].includes(reason) || missing.length > 0;
  if (!isGiven) throw new CutPage(endOf(reason));
  // Each page would say it anew.
  const rows = reading.take().filter((row) => !isNote(row) || row.note !== 'lost');
  return { rows, count, isWhole: reason !== 'limit', missing };
}

/** The reason why lines could not be read. @param {unknown} error @returns {Trouble} */
export function troubleOfFailure(error) {
  if (error instanceof CutPage) return error.trouble;
  return troubleOf(error instanceof Refusal ? error.problem : { status: 500, code: '', detail: String(error), retryAfter: 0 });
}

/**
 * Makes rows of a record.
 *
 * @param {Reading} reading
 * @param {string} name
 * @param {string} data
 * @param {Target[]} targets Lines of other logs are left out.
 * @returns {Instant | null} Of a line that was left out.
 */
export function takeRecord(reading, name, data, targets) {
  if (name === 'message') {
    const record = JSON.parse(data);
    if (!isTargeted(targets, record)) return parseInstant(record.time);
    reading.line(record);
  } else if (name === 'pod' || name === 'gap') {
    const record = JSON.parse(data);
    // A record without a pod is about all of them.
    if (record.pod && !isTargeted(targets, record)) return null;
    if (name === 'pod') reading.pod(record);
    else reading.gap(record);
  }
  return null;
}
