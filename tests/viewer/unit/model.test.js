// Models: rows with two ends, heights, the window on the list, the status line.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Density } from '../../../crates/logs-gateway/web/model/density.js';
import { Heights } from '../../../crates/logs-gateway/web/model/heights.js';
import { linesOfFirstInstant, withoutKnown } from '../../../crates/logs-gateway/web/model/joining.js';
import { Lines } from '../../../crates/logs-gateway/web/model/lines.js';
import { endOf, troubleOf } from '../../../crates/logs-gateway/web/model/problems.js';
import { Reading } from '../../../crates/logs-gateway/web/model/reading.js';
import { SearchProgress } from '../../../crates/logs-gateway/web/model/search_progress.js';
import { matchesText, unmatchedText } from '../../../crates/logs-gateway/web/model/searched.js';
import { selectedText } from '../../../crates/logs-gateway/web/model/selection.js';
import { Sources } from '../../../crates/logs-gateway/web/model/sources.js';
import { status } from '../../../crates/logs-gateway/web/model/status.js';
import { MAX_SPACER, Viewport } from '../../../crates/logs-gateway/web/model/viewport.js';
import { instantOf } from '../../../crates/logs-gateway/web/text/time.js';

/** @param {number} number */
function line(number, text = `line ${number}`) {
  return { ms: number, ns: number % 7, source: 0, level: number % 7, flags: 0, text, cursor: `c${number}`, hits: null };
}

const numbers = (from, to) => Array.from({ length: to - from }, (_, at) => line(from + at));

test('rows keep their keys while rows are added at both ends', () => {
  const lines = new Lines();
  lines.append(numbers(0, 700));
  lines.prepend(numbers(-600, 0));
  lines.append(numbers(700, 1500));
  lines.prepend(numbers(-2000, -600));
  assert.equal(lines.count, 3500);
  for (let key = lines.first; key < lines.end; key += 1) {
    const row = lines.row(key);
    assert.equal(row.text, `line ${key}`);
    assert.equal(row.ms, key);
    assert.ok(row.cursor === '' || row.cursor === `c${key}`);
  }
  assert.equal(lines.firstLine().cursor, 'c-2000');
  assert.equal(lines.lastLine().cursor, 'c1499');
  assert.equal(lines.keyAt({ ms: -1234, ns: 0 }), -1234);
  assert.equal(lines.keyAt({ ms: 1e9, ns: 0 }), lines.end);
});

test('the lines at both ends have cursors, whatever notes are around them', () => {
  const lines = new Lines();
  const note = { note: 'gap', text: 'gap', ms: 0 };
  lines.prepend([note, ...numbers(0, 20), note]);
  lines.append(numbers(20, 600));
  assert.equal(lines.firstLine().cursor, 'c0');
  lines.prepend([note]);
  assert.equal(lines.firstLine().cursor, 'c0');
  assert.equal(lines.cursorBefore(25).line.text.slice(0, 4), 'line');
});

test('a time is found to the nanosecond, whatever notes are around it', () => {
  const lines = new Lines();
  const joined = { note: 'log', text: 'a log joined', ms: 0 };
  const at = (ms, ns) => ({ ...line(ms), ns });
  lines.append([at(1, 0), joined, at(2, 0), at(2, 5), at(2, 9), joined, joined, joined, joined, at(7, 0), joined]);
  assert.equal(lines.keyAt({ ms: 1, ns: 0 }), 0);
  assert.equal(lines.row(lines.keyAt({ ms: 2, ns: 5 })).ns, 5);
  assert.equal(lines.lineFrom(lines.keyAt({ ms: 2, ns: 6 }), 1).ns, 9);
  assert.equal(lines.lineFrom(lines.keyAt({ ms: 3, ns: 0 }), 1).ms, 7);
  assert.deepEqual(instantOf('2026-11-01T10:00:00.000000007Z'), { ms: Date.parse('2026-11-01T10:00:00Z'), ns: 7 });
  assert.deepEqual(instantOf('2026-11-01T11:00+01:00'), { ms: Date.parse('2026-11-01T10:00:00Z'), ns: 0 });
  assert.deepEqual(instantOf('nonsense'), { ms: 0, ns: 0 });
});

test('memory is bounded at the end that is not looked at', () => {
  const lines = new Lines(200_000);
  lines.append(numbers(0, 10_000));
  assert.ok(lines.trim('first'));
  assert.ok(lines.first > 0 && lines.bytes <= 200_000);
  assert.equal(lines.row(lines.first).text, `line ${lines.first}`);
  const first = lines.first;
  lines.prepend(numbers(first - 5000, first));
  assert.ok(lines.trim('last'));
  assert.equal(lines.firstLine().ms, first - 5000);
});

test('a million lines take less than 150 bytes each', () => {
  const lines = new Lines(Infinity);
  for (let at = 0; at < 1_000_000; at += 10_000) {
    lines.append(Array.from({ length: 10_000 }, (_, nth) => line(at + nth, `GET /products/${at + nth} 200 in 50 ms, user 4711, trace 00f067aa0ba902b7`)));
  }
  assert.equal(lines.count, 1_000_000);
  assert.ok(lines.bytes < 150e6, String(lines.bytes));
  assert.equal(lines.row(654_321).ms, 654_321);
});

test('heights of some rows move the rows behind them', () => {
  const heights = new Heights(18);
  assert.ok(heights.set(5, 54));
  assert.ok(!heights.set(5, 54));
  heights.set(1000, 36);
  assert.equal(heights.between(0, 5), 90);
  assert.equal(heights.between(0, 6), 144);
  assert.equal(heights.between(0, 2000), 2000 * 18 + 36 + 18);
  assert.deepEqual(heights.at(0, 2000, 143), { key: 5, inside: 53 });
  assert.deepEqual(heights.at(0, 2000, 144), { key: 6, inside: 0 });
  assert.equal(heights.between(-300, 6), 300 * 18 + 144);
});

function viewport(rows) {
  const made = new Viewport(new Heights(18));
  made.height = 720;
  made.setRange(0, rows);
  return made;
}

test('rows before the window do not move what one looks at', () => {
  const view = viewport(1000);
  view.moveTo(5000);
  const { key, inside } = view;
  view.setRange(-500, 1000);
  view.heights.set(-3, 180);
  assert.deepEqual([view.key, view.inside], [key, inside]);
  assert.equal(view.top, 5000 + 500 * 18 + 162);
});

test('following ends upwards and begins again at the end', () => {
  const view = viewport(1000);
  assert.ok(view.follows);
  view.moveBy(-40);
  assert.ok(!view.follows);
  view.setRange(0, 1200);
  view.moveTo(1e9);
  assert.ok(view.follows);
  view.setRange(0, 1300);
  assert.equal(view.top, 1300 * 18 - 720);
});

test('another list is followed from its end, wherever the window was before', () => {
  const view = viewport(1000);
  view.setRange(-500, 1000);
  view.moveToKey(-300, 4);
  view.follows = true;
  view.setRange(0, 0);
  assert.ok(view.follows);
  view.setRange(0, 111);
  assert.equal(view.top, 111 * 18 - 720);
});

test('the end of what is loaded is not followed while later lines are missing', () => {
  const view = viewport(500);
  view.setEnd(false);
  view.moveTo(1e9);
  const { top } = view;
  view.setRange(0, 1000);
  assert.deepEqual([view.follows, view.top], [false, top]);
  view.moveTo(1e9);
  view.setEnd(true);
  assert.ok(view.follows);
  view.moveBy(-40);
  view.setEnd(true);
  assert.ok(!view.follows);
});

test('each of ten million lines is reached, and a step is one line', () => {
  const view = viewport(10_000_000);
  assert.ok(view.isScaled && view.spacer === MAX_SPACER);
  for (const key of [0, 1, 39, 4_999_999, 5_000_000, 9_999_998, 9_999_999]) {
    view.reveal(key);
    const { from, to } = view.visible(0);
    assert.ok(from <= key && key < to, `${key}: ${from}-${to}`);
  }
  view.moveToKey(5_000_000, 0);
  const before = view.top;
  view.moveBy(18);
  assert.equal(view.top - before, 18);
  assert.equal(view.key, 5_000_001);
  view.moveToScroll(MAX_SPACER - 720, 0);
  assert.equal(view.visible(0).to, 10_000_000);
  view.moveToScroll(0, 10);
  assert.equal(view.visible(0).from, 0);
});

const opened = (restart, event = 'opened') => ({ event, namespace: 'n', pod: 'p', container: 'c', uid: 'u', restart });
const record = (time, message) => ({ time, namespace: 'n', pod: 'p', container: 'c', stream: 'stdout', message, cursor: message });

test('where a run ends and the next begins there is a note', () => {
  const reading = new Reading(new Sources());
  reading.pod(opened(0));
  reading.line(record('2026-11-01T10:00:00Z', 'one'));
  reading.pod(opened(1));
  reading.line(record('2026-11-01T10:00:01Z', 'two'));
  reading.gap({ namespace: 'n', pod: 'p', container: 'c', from: null, to: null, bytes: 4200 });
  const rows = reading.take();
  assert.deepEqual(rows.map((row) => row.note ?? row.text), ['one', 'run', 'two', 'gap']);
  assert.match(rows[1].text, /^Restart 1/);
  assert.match(rows[3].text, /^4.2 KB/);
});

test('a page by time does not repeat lines that are there', () => {
  const lines = new Lines();
  const same = (text) => ({ ...line(5, text), ns: 0, cursor: text });
  lines.append([same('a'), same('b'), line(9)]);
  assert.deepEqual(linesOfFirstInstant(lines).map(({ text }) => text), ['a', 'b']);
  assert.deepEqual(withoutKnown(lines, [line(8), line(9), line(10)]).map(({ ms }) => ms), [10]);
  assert.deepEqual(withoutKnown(lines, [line(11)]).map(({ ms }) => ms), [11]);
});

test('a selection is copied over rows that are not on the page', () => {
  const shown = (key) => `row ${key}`;
  assert.equal(selectedText({ key: 4, offset: 2 }, { key: 2, offset: 4 }, shown), '2\nrow 3\nro');
  assert.equal(selectedText({ key: 2, offset: 0 }, { key: 2, offset: 3 }, shown), 'row');
});

test('counts of an interval add up, and live lines are added', () => {
  const density = new Density(Date.parse('2026-11-01T10:00:00Z'), Date.parse('2026-11-01T11:00:00Z'));
  assert.equal(density.duration, '15s');
  density.add({ from: '2026-11-01T10:00:00Z', lines: 3, levels: { error: 1, none: 2 } });
  density.add({ from: '2026-11-01T10:00:00Z', lines: 1, levels: { error: 1 } });
  density.addLine(Date.parse('2026-11-01T10:59:59Z'), 5);
  density.addLine(Date.parse('2026-11-01T11:00:20Z'), 5);
  assert.equal(density.lines, 5);
  assert.equal(density.most, 4);
  assert.equal(density.to, Date.parse('2026-11-01T11:00:30Z'));
});

const NOTHING = { isOpen: true, told: '', stream: null, held: -1, activity: '', trouble: null, lines: 0, matches: '', logs: 1, newest: 0, expiresAt: 0, lost: [] };

test('the status line says what happens', () => {
  const text = (input, now = 1e12) => status({ ...NOTHING, ...input }, now).text;
  assert.equal(text({ stream: { phase: 'live' } }), 'live, caught up');
  assert.equal(text({ isOpen: false }), 'choose a log');
  assert.equal(text({ stream: { phase: 'live' }, lost: ['node-3'] }), 'live, but node node-3 cannot be reached');
  assert.equal(text({ stream: { phase: 'live' }, lost: ['a', 'b'] }), 'live, but nodes a and b cannot be reached');
  assert.equal(text({ stream: { phase: 'reading', behind: 4200 } }), 'reading, 4.2 KB behind…');
  assert.equal(text({ stream: { phase: 'live' }, held: 1204 }), 'paused, 1,204 new lines wait');
  const retrying = { phase: 'retrying', retryAt: 1e12 + 1800, trouble: endOf('shutdown') };
  assert.equal(text({ stream: retrying }), 'The gateway restarts. Reconnecting in 2 s.');
  assert.equal(text({ stream: retrying, trouble: troubleOf({ status: 0, code: '', detail: '', retryAfter: 0 }) }), 'The gateway restarts. Reconnecting in 2 s.');
  assert.equal(text({ stream: retrying, trouble: endOf('revoked') }), endOf('revoked').text);
  assert.match(text({ stream: { phase: 'ended', trouble: endOf('revoked') } }), /administrator/);
  assert.deepEqual(status({ ...NOTHING, expiresAt: 1e12 + 60_000 }, 1e12).facts, ['log-in ends in 1 min']);
});

test('a reading knows which logs it is of', () => {
  const reading = new Reading(new Sources());
  const pod = (event, pod) => reading.pod({ event, namespace: 'shop', pod, container: 'app', uid: 'u', restart: 0 });
  pod('opened', 'web-0');
  pod('opened', 'web-0');
  pod('joined', 'web-1');
  assert.equal(reading.open.size, 2);
  pod('restarted', 'web-1');
  pod('skipped', 'web-2');
  assert.equal(reading.open.size, 2);
  pod('gone', 'web-0');
  assert.deepEqual([...reading.open], ['shop/web-1/app']);
});

test('a reading knows which nodes are lost, and says when they are back', () => {
  const reading = new Reading(new Sources());
  const pod = (event, pod, node) => reading.pod({ event, namespace: 'n', pod, container: 'c', uid: 'u', restart: 0, node });
  const texts = () => reading.take().map((row) => row.text);
  pod('opened', 'p', 'node-2');
  pod('opened', 'q', 'node-3');
  reading.pod({ event: 'unreachable', namespace: null, pod: null, uid: null, container: null, restart: null, node: 'node-2', status: 503 });
  assert.deepEqual([...reading.nodes.names], ['node-2']);
  assert.deepEqual(texts(), ['Node node-2 cannot be reached (503)']);
  reading.line({ ...record('2026-11-01T10:00:00Z', 'of another node'), pod: 'q' });
  assert.deepEqual(texts(), ['of another node']);
  reading.line(record('2026-11-01T10:00:00Z', 'of the node'));
  assert.deepEqual(texts(), ['Node node-2 can be read again', 'of the node']);
  assert.equal(reading.nodes.count, 0);
  reading.nodeFound('node-2');
  assert.deepEqual(texts(), []);
});

test('the number of matches says of how many lines they are', () => {
  const known = { matches: 128, isComplete: true, lines: 2_100_000, bytes: 1e9, since: '' };
  assert.equal(matchesText(known), '128 matches of 2.1 M lines');
  assert.equal(matchesText({ ...known, since: '04:12:00' }), '128 matches of 2.1 M lines since 04:12:00');
  assert.equal(matchesText({ ...known, lines: null }), '128 matches');
  assert.equal(matchesText({ ...known, matches: 3, lines: 2 }), '3 matches of 3 lines');
  assert.equal(matchesText({ ...known, matches: 1, isComplete: false }), '1 match in 1.0 GB so far');
});

test('no match says how much was searched and until when', () => {
  const search = { lines: 3000, bytes: 180_000_000, until: '10:42:13', isOver: true, isInRange: false, isLive: true };
  assert.equal(unmatchedText(search), 'No line matches. Searched: 3,000 lines, 180 MB up to 10:42:13. New lines that match appear here.');
  assert.equal(unmatchedText({ ...search, isInRange: true, isLive: false }), 'No line matches in the chosen time. Searched: 3,000 lines, 180 MB up to 10:42:13.');
  assert.equal(unmatchedText({ ...search, lines: null, isOver: false }), 'No match so far. Searched: 180 MB up to 10:42:13.');
});

test('how far a search has come is known from its records', () => {
  const progress = new SearchProgress();
  progress.take('progress', '{"cursor":"c","time":"2026-11-01T10:00:00Z","scanned_bytes":500,"matched":0,"behind_bytes":70}', 1e12);
  assert.deepEqual([progress.bytes, progress.until, progress.isLive], [500, Date.parse('2026-11-01T10:00:00Z'), false]);
  progress.take('live', 'true', 2e12);
  progress.take('progress', '{"cursor":null,"time":null,"scanned_bytes":600,"matched":0,"behind_bytes":0}', 3e12);
  assert.deepEqual([progress.bytes, progress.until, progress.isLive], [600, 3e12, true]);
});
