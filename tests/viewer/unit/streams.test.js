// Streams: taken apart, and resumed after breaks; pages. The gateway is a stub.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventParser } from '../../../crates/logs-gateway/web/api/event_parser.js';
import { EventStream } from '../../../crates/logs-gateway/web/api/event_stream.js';
import { LogMemory } from '../../../crates/logs-gateway/web/api/log_memory.js';
import { logUrl } from '../../../crates/logs-gateway/web/api/log_url.js';
import { endOf } from '../../../crates/logs-gateway/web/model/problems.js';
import { Reading } from '../../../crates/logs-gateway/web/model/reading.js';
import { Sources } from '../../../crates/logs-gateway/web/model/sources.js';
import { EMPTY_VIEW } from '../../../crates/logs-gateway/web/model/view.js';
import { readPage, takeRecord, troubleOfFailure } from '../../../crates/logs-gateway/web/page/line_page.js';
import { NodeProbe } from '../../../crates/logs-gateway/web/page/node_probe.js';
import { gateway, line, listener, settled } from '../stub_gateway.js';

test('events are taken apart wherever the body is cut', () => {
  const body = ': hello\r\n\r\nevent: pod\ndata: {"a":1}\n\nid: x\n\nid: y\ndata:one\ndata: two\n\n';
  for (let size = 1; size < body.length; size += 1) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < body.length; at += size) parser.push(body.slice(at, at + size), (event) => events.push(event));
    assert.deepEqual(events, [
      { name: 'pod', data: '{"a":1}', id: '' },
      { name: 'message', data: 'one\ntwo', id: 'y' },
    ], String(size));
  }
});

test('a stream that breaks goes on behind its last event', async () => {
  Math.random = () => 0;
  const { asked } = gateway([{ text: line(1) + line(2) }, { open: `${line(3)}event: live\ndata: true\n\n` }]);
  const heard = listener();
  const stream = new EventStream('/logs/a/b?follow=true', new LogMemory(), heard.sink, '');
  stream.start();
  await heard.until(() => heard.states.at(-1)?.phase === 'live');
  stream.stop({ phase: 'ended' });
  assert.deepEqual(asked, ['/logs/a/b?follow=true', '/logs/a/b?follow=true&after=c2']);
  assert.deepEqual(heard.records.map((record) => record.slice(0, 13)), ['message\t{"n":', 'message\t{"n":', 'message\t{"n":', 'live\ttrue']);
  assert.deepEqual(heard.states.map(({ phase }) => phase), ['opening', 'reading', 'retrying', 'retrying', 'reading', 'live', 'ended']);
});

test('an event of many lines is as many records, and one place to go on', async () => {
  const event = 'id: m1\ndata: {"pod":"a"}\ndata: {"pod":"b"}\n\nevent: end\ndata: {"reason":"complete"}\n\n';
  gateway([{ text: event }]);
  const heard = listener();
  const stream = new EventStream('/logs?pod=a,b', new LogMemory(), heard.sink, '');
  stream.start();
  await heard.until(() => heard.states.at(-1)?.phase === 'ended');
  assert.deepEqual(heard.records, ['message\t{"pod":"a"}', 'message\t{"pod":"b"}']);
  assert.equal(stream.cursor, 'm1');
});

test('a stream ends for good when the log-in has ended, and says it', async () => {
  gateway([{ text: 'event: auth\ndata: {"state":"ended"}\n\nevent: end\ndata: {"reason":"revoked"}\n\n' }]);
  const heard = listener();
  new EventStream('/logs/a/b?', new LogMemory(), heard.sink, '').start();
  await heard.until(() => heard.states.at(-1)?.phase === 'ended');
  assert.equal(heard.states.at(-1).trouble.remedy, 'log-in');
});

test('a stream whose log-in ends goes on if another tab has renewed it', async () => {
  const expired = 'event: end\ndata: {"reason":"expired"}\n\n';
  const refused = { status: 401, problem: { code: 'invalid_token', detail: '' } };
  const { asked } = gateway([{ text: line(1) + expired }, { text: line(2) + expired }, refused]);
  const heard = listener();
  new EventStream('/logs/a/b?', new LogMemory(), heard.sink, '').start();
  await heard.until(() => heard.states.at(-1)?.phase === 'ended');
  assert.deepEqual(asked, ['/logs/a/b?', '/logs/a/b?&after=c1', '/logs/a/b?&after=c2']);
  assert.deepEqual([heard.states.at(-1).trouble.remedy, heard.states.at(-1).trouble.text], ['log-in', endOf('expired').text]);
});

test('a refused stream is tried again only if that can help', async () => {
  Math.random = () => 0;
  const { asked } = gateway([
    { status: 503, problem: { code: 'sso_unavailable', detail: 'x' } },
    { status: 403, problem: { code: 'permission_denied', detail: 'logs:read:a/b is missing.' } },
  ]);
  const heard = listener();
  new EventStream('/logs/a/b?', new LogMemory(), heard.sink, '').start();
  await heard.until(() => heard.states.at(-1)?.phase === 'ended');
  assert.equal(asked.length, 2);
  assert.equal(heard.states.at(-1).trouble.remedy, 'pods');
});

test('a stream that ends as soon as it begins is tried less and less often', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1e12 });
  Math.random = () => 0.5;
  const end = { text: 'event: end\ndata: {"reason":"source"}\n\n' };
  gateway([end, end, { text: line(1) + end.text }, end]);
  const heard = listener();
  const stream = new EventStream('/logs/a/b?', new LogMemory(), heard.sink, '');
  stream.start();
  const waits = [];
  for (let turn = 0; turn < 4; turn += 1) {
    await heard.until(() => heard.states.at(-1)?.phase === 'retrying' && heard.states.at(-1).retryAt > Date.now());
    waits.push(heard.states.at(-1).retryAt - Date.now());
    context.mock.timers.tick(waits.at(-1));
  }
  stream.stop({ phase: 'ended' });
  assert.deepEqual(waits, [500, 1000, 500, 1000]);
});

test('deleted lines are a gap, and the stream goes on with what there is', async () => {
  Math.random = () => 0;
  const { asked } = gateway([{ text: line(1) }, { status: 410, problem: { code: 'cursor_expired' } }, { open: line(9) }]);
  const heard = listener();
  const stream = new EventStream('/logs/a/b?tailLines=5', new LogMemory(), heard.sink, '');
  stream.start();
  await heard.until(() => heard.records.length === 3);
  stream.stop({ phase: 'ended' });
  assert.match(heard.records[1], /^gap\t/);
  assert.equal(asked.at(-1), '/logs/a/b?tailLines=5');
});

test('a memory of lines is bounded, and knows which run they are of', () => {
  const memory = new LogMemory();
  memory.keep('pod\t{"event":"opened","namespace":"a","pod":"b","container":"c","restart":3}');
  for (let nth = 0; nth < 10_000; nth += 1) memory.keep(`message\t{"n":${nth},"cursor":"c${nth}"}`);
  assert.ok(memory.all().length <= 2502);
  assert.match(memory.all()[0], /"restart":3/);
  assert.match(memory.after('c9998')[0], /"restart":3/);
  assert.equal(memory.after('c1'), null);
});

test('a view is requested with the parameters of the gateway', () => {
  const target = (pod, container = 'app', namespace = 'shop') => ({ namespace, pod, container });
  const url = (view, range = {}) => logUrl({ ...EMPTY_VIEW, ...view }, range, { history: true });
  assert.equal(url({ targets: [target('web-0')], grep: ['a b'], level: 'warn', from: '15m' }), '/logs/shop/web-0?container=app&history=all&grep=a+b&level=warn&since=15m');
  assert.equal(url({ targets: [target('web-0')], from: '2026-11-01T10:00:00Z' }, { after: 'c1', limitLines: 5 }), '/logs/shop/web-0?container=app&history=all&after=c1&limitLines=5');
  assert.equal(url({ targets: [target('web-0'), target('web-1')] }, { follow: true }), '/logs?pod=web-0%2Cweb-1&namespace=shop&container=app&history=all&follow=true');
  assert.equal(url({ targets: [target('web-*', '*')] }), '/logs?pod=web-*&namespace=shop&history=all');
});

const read = () => {
  const targets = [{ namespace: 'n', pod: '*', container: '*' }];
  return readPage('/logs/n/p?', new Sources(), (reading, name, data) => takeRecord(reading, name, data, targets), new AbortController().signal);
};
const message = (text) => `data: ${JSON.stringify({ time: '2026-11-01T10:00:00Z', namespace: 'n', pod: 'p', container: 'c', message: text })}\n\n`;
const end = (record) => `event: end\ndata: ${JSON.stringify(record)}\n\n`;

test('a page that was not given to its end is not taken for whole', async () => {
  for (const [text, status] of [[message('a'), 0], [message('a') + end({ reason: 'shutdown' }), 0], [end({ reason: 'expired' }), 401]]) {
    gateway([{ text }]);
    const trouble = await read().then(() => null, troubleOfFailure);
    assert.ok(trouble, text);
    assert.equal(trouble.isTransient, status === 0, text);
  }
  gateway([{ text: message('a') + end({ reason: 'limit' }) }]);
  assert.equal((await read()).isWhole, false);
});

test('what happens to logs that were not chosen is not told', () => {
  const reading = new Reading(new Sources());
  const targets = [{ namespace: 'n', pod: 'p', container: 'c' }];
  const about = (event, container, pod = 'p') => ({ event, namespace: 'n', pod, container, uid: 'u', restart: 0, node: 'node-1' });
  for (const record of [about('joined', 'c'), about('joined', 'other'), { ...about('unreachable', null, null), namespace: null }]) takeRecord(reading, 'pod', JSON.stringify(record), targets);
  const gap = { namespace: 'n', pod: 'q', container: 'c', from: null, to: null, bytes: null };
  takeRecord(reading, 'gap', JSON.stringify(gap), targets);
  takeRecord(reading, 'gap', JSON.stringify({ from: null, to: null, bytes: null }), targets);
  assert.equal(reading.open.size, 1);
  assert.deepEqual(reading.take().map(({ note, text }) => `${note} ${text.slice(0, 17)}`), ['log n/p/c joined', 'lost Node node-1 canno', 'gap Lines are missing']);
});

test('a page without the lines of some nodes is whole, and names them', async () => {
  const lost = 'event: pod\ndata: {"event":"unreachable","namespace":null,"pod":null,"uid":null,"container":null,"restart":null,"node":"node-3","status":null}\n\n';
  gateway([{ text: lost + message('a') + end({ reason: 'source', missing: ['node-3'] }) }]);
  const page = await read();
  assert.deepEqual([page.isWhole, page.missing], [true, ['node-3']]);
  assert.deepEqual(page.rows.map(({ text }) => text), ['a']);
});

test('lost nodes are asked about until they can be read', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const answers = [null, ['node-2', 'node-3'], ['node-3'], []];
  const names = new Set(['node-2', 'node-3']);
  const reading = { nodes: { names, get count() { return names.size; } }, nodeFound: (node) => names.delete(node) };
  const left = [];
  const probe = new NodeProbe(async () => answers.shift(), () => left.push([...names]));
  probe.watch(reading);
  probe.watch(reading);
  for (let turn = 0; turn < 6; turn += 1) {
    context.mock.timers.tick(3000);
    await settled();
  }
  assert.deepEqual(left, [['node-2', 'node-3'], ['node-3'], []]);
  assert.equal(answers.length, 0);
});
