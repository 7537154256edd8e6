/** The words of the page about a search: how many matches there are, and how much was searched without one. */

import { matchesText, unmatchedText } from '../model/searched.js';
import { isFiltered } from '../model/view.js';
import { label } from '../text/time.js';

/** @import { PodList } from '../model/pod_list.js' */
/** @import { StampMode } from '../text/time.js' */
/** @import { Viewer } from './viewer.js' */
/** @import { Volumes } from './volumes.js' */

/**
 * The number of matches of a filtered view; empty while nothing is known about it.
 *
 * @param {Volumes} volumes
 * @param {StampMode} stamps
 * @param {number} now
 */
export function matchesOf({ counting, totals, scanned }, stamps, now) {
  if (!counting || !isFiltered(counting.view)) return '';
  const { view, density, from, isPart } = counting;
  return matchesText({
    matches: density.lines,
    isComplete: density.isComplete,
    lines: totals.of(view),
    bytes: scanned,
    since: isPart ? label(from, stamps, now) : '',
  });
}

/**
 * The words in place of lines; empty if there are lines, or nothing is to be said.
 *
 * @param {Viewer} viewer
 * @param {PodList} pods
 * @param {Volumes} volumes
 * @param {number} now
 */
export function emptyText({ view, reader, settings, trouble }, pods, volumes, now) {
  if (view.targets.length === 0 || reader.lines.firstLine() !== null) return '';
  const told = trouble?.text || reader.stream?.trouble?.text;
  if (told) return told;
  const isOver = reader.stream?.phase === 'live' || (reader.isAtBegin && reader.activity === '');
  const isInRange = view.from + view.to !== '';
  if (!isFiltered(view) && !isInRange) return isOver ? 'This log is empty so far.' : '';
  const { bytes, until } = reader.progress;
  if (!isOver && bytes === 0) return '';
  const end = until || Date.parse(view.to) || 0;
  return unmatchedText({
    lines: isOver ? volumes.totals.of(view) : null,
    bytes: bytes || (isOver && !isInRange ? pods.extent(view.targets).size : 0),
    until: end > 0 ? label(end, settings.stamps, now) : '',
    isOver,
    isInRange,
    isLive: !view.to,
  });
}
