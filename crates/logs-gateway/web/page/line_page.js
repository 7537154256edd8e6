/** One page of lines, as rows. */

import { readEvents } from '../api/request.js';
import { Reading } from '../model/reading.js';
import { isTargeted } from '../model/view.js';

/** @import { Row } from '../model/row.js' */
/** @import { Sources } from '../model/sources.js' */
/** @import { Target } from '../model/view.js' */

/**
 * @typedef {object} Page
 * @property {Row[]} rows
 * @property {string} reason Why it ended.
 */

/**
 * @param {string} url
 * @param {Sources} sources
 * @param {(reading: Reading, name: string, data: string) => void} take Takes one record.
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function readPage(url, sources, take, signal) {
  const reading = new Reading(sources);
  let reason = '';
  const aborter = new AbortController();
  signal.addEventListener('abort', () => aborter.abort(), { once: true });
  await readEvents(url, aborter, (events) => {
    for (const { name, data } of events) {
      if (name === 'end') reason = JSON.parse(data).reason;
      else for (const line of data.split('\n')) take(reading, name, line);
    }
  });
  return { rows: reading.take(), reason };
}

/**
 * Makes rows of a record.
 *
 * @param {Reading} reading
 * @param {string} name
 * @param {string} data
 * @param {Target[]} targets Lines of other logs are left out.
 */
export function takeRecord(reading, name, data, targets) {
  if (name === 'message') {
    const record = JSON.parse(data);
    if (isTargeted(targets, record)) reading.line(record);
  } else if (name === 'pod') reading.pod(JSON.parse(data));
  else if (name === 'gap') reading.gap(JSON.parse(data));
}
