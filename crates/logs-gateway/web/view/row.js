/** A row of the list as an element. */

import { FLAG, isNote } from '../model/row.js';
import { continues, LEVELS, levelWord } from '../text/level.js';
import { visibleParts } from '../text/escape.js';
import { matchedTexts, matchMarks } from '../text/json_hits.js';
import { fieldText, foldedFields, parseJsonLine } from '../text/json_line.js';
import { counted, exact, size } from '../text/quantity.js';
import { FOLDED_LENGTH, joinMarks, segments, SHOWN_LENGTH } from '../text/segments.js';
import { stamp, writeInstant } from '../text/time.js';
import { element } from './dom.js';
import { fieldList } from './fields.js';

/** @import { Line, Note, Row } from '../model/row.js' */
/** @import { Source } from '../model/sources.js' */
/** @import { StampMode } from '../text/time.js' */
/** @import { FieldAction } from './fields.js' */

/** How many matches that a folded line of JSON does not show are shown behind it, and how much of each. */
const MAX_HIDDEN = 3;
const MATCH_LENGTH = 80;

/**
 * @typedef {object} RowLook How rows look at present.
 * @property {StampMode} stamps
 * @property {'none' | 'container' | 'pod'} names How much of its name each line shows.
 * @property {string[]} columns
 * @property {(source: number) => Source} sourceOf
 * @property {(name: string) => number} hueOf The number of the colour of a log.
 * @property {(text: string) => number[][] | null} hitsOf Where a line has what is searched for without a filter.
 * @property {(key: number) => Line[]} traceOf The lines of a stack trace that a row stands for, without the first.
 * @property {(key: number) => boolean} isUnfolded
 * @property {(key: number) => boolean} isRaw Whether a line is shown as it was written.
 * @property {(key: number) => boolean} isCurrent
 * @property {FieldAction} fieldAction
 */

/**
 * @param {Row} row
 * @param {number} key
 * @param {RowLook} look
 * @param {number} now
 */
export function buildRow(row, key, look, now) {
  const made = isNote(row) ? noteRow(row) : lineRow(row, key, look, now);
  if (look.isCurrent(key)) made.classList.add('current');
  return made;
}

/** @param {Note} note */
function noteRow(note) {
  return element('div', { class: `row note ${note.note}` }, element('span', { class: 'note-text' }, note.text));
}

/**
 * @param {Line} line
 * @param {number} key
 * @param {RowLook} look
 * @param {number} now
 */
function lineRow(line, key, look, now) {
  const isUnfolded = look.isUnfolded(key);
  const json = parseJsonLine(line.text);
  const row = element('div', { class: `row line level-${LEVELS[line.level]}` });
  if (line.flags & FLAG.CONTEXT) row.classList.add('context');
  if (isContinued(line)) row.classList.add('continued');
  if (isUnfolded) row.classList.add('unfolded');
  row.append(stampOf(line, look, now));
  if (look.names !== 'none') row.append(nameOf(look.sourceOf(line.source), look.names, look.hueOf));
  const isError = (line.flags & FLAG.STDERR) !== 0;
  row.append(element('span', isError ? { class: 'side', title: 'standard error' } : { class: 'side' }, isError ? 'e' : ''));
  if (line.flags & FLAG.LATE) row.append(element('span', { class: 'tag', title: 'It came after lines of later times' }, 'late'));
  for (const path of look.columns) row.append(column(json ? fieldText(json.fields, path) : '', path));
  const text = element('span', { class: 'text' });
  if (look.isRaw(key)) appendRaw(text, line);
  else if (json) appendJson(text, withHits(line, look), json, isUnfolded, look);
  else appendPlain(text, withHits(line, look), isUnfolded);
  row.append(text);
  const trace = look.traceOf(key);
  if (trace.length > 0) appendTrace(row, text, isUnfolded ? trace.map((part) => withHits(part, look)) : trace, isUnfolded);
  return row;
}

/** A line that was not chosen by its text, with the places of what is searched for. @param {Line} line @param {RowLook} look @returns {Line} */
function withHits(line, look) {
  return line.hits ? line : { ...line, hits: look.hitsOf(line.text) };
}

/** Whether a line belongs to an earlier one, from which it has its level. @param {Line} line */
function isContinued({ flags, text }) {
  return (flags & FLAG.TRACE) !== 0 || continues(text);
}

/** @param {HTMLElement} row @param {HTMLElement} text @param {Line[]} trace @param {boolean} isUnfolded */
function appendTrace(row, text, trace, isUnfolded) {
  row.dataset.trace = String(trace.length);
  const words = isUnfolded ? `fold ${counted(trace.length, 'line')}` : `… ${counted(trace.length, 'more line')}`;
  row.append(element('button', { class: 'more trace', type: 'button', tabindex: '-1', title: 'Stack trace (x)', 'aria-expanded': String(isUnfolded) }, words));
  if (!isUnfolded) return;
  for (const line of trace) {
    text.append('\n');
    appendPlain(text, { ...line, level: 0 }, false);
  }
}

/** @param {Line} line @param {RowLook} look @param {number} now */
function stampOf(line, look, now) {
  const title = `${writeInstant(line.ms, line.ns)}, actions for this line`;
  return element('button', { class: 'stamp', type: 'button', tabindex: '-1', title }, stamp(line.ms, look.stamps, now));
}

/** @param {Source} source @param {'container' | 'pod'} names @param {(name: string) => number} hueOf */
function nameOf(source, names, hueOf) {
  const name = `${source.pod}/${source.container}`;
  const shown = names === 'pod' ? shortName(source) : source.container;
  return element('span', { class: `name ${names}-name hue-${hueOf(name)}`, title: `${source.namespace}/${name}` }, shown);
}

/** The end of a pod's name tells replicas apart. @param {Source} source */
function shortName({ pod, container }) {
  const parts = pod.split('-');
  const end = parts.length > 2 ? `${parts[0]}…${parts[parts.length - 1]}` : pod;
  return end.startsWith(container) ? end : `${end}/${container}`;
}

/** @param {string} text @param {string} path */
function column(text, path) {
  return element('span', { class: 'column', title: `${path}: ${text}` }, text);
}

/** @param {HTMLElement} into @param {Line} line @param {boolean} isUnfolded */
function appendPlain(into, line, isUnfolded) {
  const limit = isUnfolded ? SHOWN_LENGTH : FOLDED_LENGTH;
  const shown = line.text.length > limit ? line.text.slice(0, limit) : line.text;
  const word = line.level > 0 ? levelWord(shown, line.level) : null;
  const hits = (line.hits ?? []).map(([from, to]) => ({ from, to, style: 'hit' }));
  const marks = word ? joinMarks(hits, [{ from: word[0], to: word[1], style: 'level-word' }]) : hits;
  if (line.level > 0 && !word && !isContinued(line)) into.append(levelTag(line.level));
  appendSegments(into, shown, marks);
  if (shown.length < line.text.length) {
    const rest = isUnfolded ? ` … the rest of ${size(line.text.length)} is in the download` : ` … ${exact(line.text.length)} characters, unfold with x`;
    into.append(element('span', { class: 'more' }, rest));
  }
  if (line.flags & FLAG.PARTIAL) into.append(element('span', { class: 'more' }, ' … goes on in the next row'));
}

/**
 * @param {HTMLElement} into
 * @param {Line} line
 * @param {import('../text/json_line.js').JsonLine} json
 * @param {boolean} isUnfolded
 * @param {RowLook} look
 */
function appendJson(into, line, json, isUnfolded, look) {
  if (line.level > 0) into.append(levelTag(line.level));
  const matches = matchedTexts(line.text, line.hits ?? []);
  const message = json.message.slice(0, FOLDED_LENGTH);
  const folded = isUnfolded ? '' : foldedFields(json.fields);
  const shown = [matchMarks(message, matches), matchMarks(folded, matches)];
  appendSegments(into, message, shown[0].marks);
  if (isUnfolded) into.append(fieldList(json, look.fieldAction));
  else if (folded) {
    const fields = element('span', { class: 'folded', title: 'Unfold the fields (x)' }, message ? ' ' : '');
    appendSegments(fields, folded, shown[1].marks);
    into.append(fields);
  }
  const hidden = isUnfolded ? [] : matches.filter((match) => !shown.some(({ found }) => found.has(match)));
  for (const match of hidden.slice(0, MAX_HIDDEN)) {
    into.append(' … ');
    appendSegments(into, match.slice(0, MATCH_LENGTH), [{ from: 0, to: MATCH_LENGTH, style: 'hit' }]);
  }
}

/** A line as it was written, without colours and folds. @param {HTMLElement} into @param {Line} line */
function appendRaw(into, line) {
  for (const { text, isGlyph } of visibleParts(line.text.slice(0, SHOWN_LENGTH))) {
    into.append(isGlyph ? element('span', { class: 'glyph' }, text) : text);
  }
}

/** @param {number} level */
function levelTag(level) {
  return element('span', { class: 'level-tag' }, LEVELS[level].toUpperCase().padEnd(5), ' ');
}

/**
 * @param {HTMLElement} into
 * @param {string} text
 * @param {import('../text/segments.js').Mark[]} marks
 */
function appendSegments(into, text, marks) {
  for (const segment of segments(text, marks)) {
    if (segment.style === '') into.append(segment.text);
    else if (segment.style === 'hit') into.append(element('mark', {}, segment.text));
    else into.append(element('span', { class: segment.style }, segment.text));
  }
}
