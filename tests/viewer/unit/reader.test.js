// The reader of a view: pages of history, with lines that are left out. The gateway is a stub.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { EMPTY_VIEW } from '../../../crates/logs-gateway/web/model/view.js';
import { Reader } from '../../../crates/logs-gateway/web/page/reader.js';

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

const BEGIN = Date.parse('2026-11-01T10:00:00Z');
const MIXED = [{ namespace: 'shop', pod: 'web-0', container: 'app' }, { namespace: 'shop', pod: 'cart-0', container: 'proxy' }];

/** A log of many pods: line by line the time is a millisecond later. Answers pages by time. */
function gateway(pods) {
  const asked = [];
  globalThis.fetch = async (url) => {
    const query = new URL(String(url), 'http://gateway').searchParams;
    asked.push(query);
    let chosen = pods.map((log, nth) => ({ time: new Date(BEGIN + nth).toISOString(), namespace: 'shop', ...log, message: `line ${nth}` }));
    const [since, until, tail, limit] = ['sinceTime', 'untilTime', 'tailLines', 'limitLines'].map((name) => query.get(name));
    // Times of requests have more digits than those of lines.
    if (until) chosen = chosen.filter(({ time }) => time.slice(0, -1) < until);
    if (since) chosen = chosen.filter(({ time }) => time.slice(0, -1) >= since.slice(0, 23));
    if (tail) chosen = chosen.slice(-Number(tail));
    const isCut = limit !== null && chosen.length > Number(limit);
    if (isCut) chosen = chosen.slice(0, Number(limit));
    const lines = chosen.map((record) => `data: ${JSON.stringify(record)}\n\n`).join('');
    return new Response(`${lines}event: end\ndata: {"reason":"${isCut ? 'limit' : 'complete'}"}\n\n`);
  };
  return asked;
}

function reader() {
  const streams = { subscribe: () => () => {} };
  return new Reader(streams, { changed() {}, written() {}, auth() {}, failed(trouble) { throw new Error(trouble.text); } });
}

/** The texts of all lines, and the kinds of notes. */
function rows({ lines }) {
  return Array.from({ length: lines.count }, (_, nth) => lines.row(lines.first + nth)).map((row) => row.note ?? row.text);
}

const other = { pod: 'web-0', container: 'proxy' };
const [web, cart] = MIXED;

for (const [name, pods] of [
  ['between', Array.from({ length: 3000 }, (_, nth) => [web, other, cart][nth % 3])],
  ['for more than a page', Array.from({ length: 3000 }, (_, nth) => (nth < 100 || nth > 2900 ? web : other))],
  ['at the end', Array.from({ length: 3000 }, (_, nth) => (nth < 100 ? cart : other))],
  ['at the begin', Array.from({ length: 3000 }, (_, nth) => (nth > 2900 ? cart : other))],
]) {
  test(`history is read to its begin with lines of other logs ${name}`, async () => {
    const asked = gateway(pods);
    const read = reader();
    await read.open({ ...EMPTY_VIEW, targets: MIXED, to: '2026-11-01T11:00:00Z' }, { history: true, before: true, user: 'ada' });
    for (let turn = 0; turn < 30 && !read.isAtBegin; turn += 1) await read.readUp();
    const expected = pods.flatMap((log, nth) => (log === other ? [] : [`line ${nth}`]));
    assert.deepEqual(rows(read), ['begin', ...expected]);
    assert.ok(asked.length < 20, `${asked.length} requests`);
  });

  test(`later lines are read to the end with lines of other logs ${name}`, async () => {
    const asked = gateway(pods);
    const read = reader();
    await read.open({ ...EMPTY_VIEW, targets: MIXED, to: '2026-11-01T11:00:00Z', place: { kind: 'begin' } }, { history: true, before: true, user: 'ada' });
    for (let turn = 0; turn < 30 && !read.isAtEnd; turn += 1) await read.readDown();
    const expected = pods.flatMap((log, nth) => (log === other ? [] : [`line ${nth}`]));
    assert.deepEqual(rows(read), ['begin', ...expected]);
    assert.ok(asked.length < 20, `${asked.length} requests`);
  });
}

/** Two incarnations of a pod, on a node each: a front knows places only in the log of one. */
function front(lines) {
  const asked = gateway(Array.from({ length: lines }, () => web));
  const byTime = globalThis.fetch;
  globalThis.fetch = async (url) => {
    const query = new URL(String(url), 'http://gateway').searchParams;
    const place = ['before', 'after', 'upto'].find((name) => query.has(name));
    if (!place) return byTime(url);
    if (query.has('history')) return Response.json({ code: 'history_unavailable', detail: place }, { status: 422 });
    const nth = Number(query.get(place));
    const begin = nth < lines / 2 ? 0 : lines / 2;
    const [from, to] = { before: [begin, nth], upto: [begin, nth + 1], after: [nth + 1, begin + lines / 2] }[place];
    const chosen = Array.from({ length: to - from }, (_, at) => from + at);
    const page = place === 'after' ? chosen.slice(0, 500) : chosen.slice(-500);
    const record = (at) => ({ time: new Date(BEGIN + at).toISOString(), namespace: 'shop', ...web, message: `line ${at}`, cursor: String(at) });
    const reason = page.length < chosen.length && place === 'after' ? 'limit' : 'complete';
    return new Response(`${page.map((at) => `data: ${JSON.stringify(record(at))}\n\n`).join('')}event: end\ndata: {"reason":"${reason}"}\n\n`);
  };
  return asked;
}

test('incarnations of a pod on several nodes are read from a line in both directions', async () => {
  front(1400);
  const read = reader();
  const line = await read.open(
    { ...EMPTY_VIEW, targets: [web], to: '2026-11-01T11:00:00Z', place: { kind: 'cursor', cursor: '720' } },
    { history: true, before: true, user: 'ada' },
  );
  assert.equal(line.text, 'line 720');
  for (let turn = 0; turn < 30 && !read.isAtBegin; turn += 1) await read.readUp();
  for (let turn = 0; turn < 30 && !read.isAtEnd; turn += 1) await read.readDown();
  assert.deepEqual(rows(read), ['begin', ...Array.from({ length: 1400 }, (_, nth) => `line ${nth}`)]);
});
