// Streams: taken apart, resumed after breaks, shared among tabs. The gateway is a stub.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { EventParser } from '../../../crates/logs-gateway/web/api/event_parser.js';
import { EventStream } from '../../../crates/logs-gateway/web/api/event_stream.js';
import { Hub } from '../../../crates/logs-gateway/web/api/hub.js';
import { LogMemory } from '../../../crates/logs-gateway/web/api/log_memory.js';
import { logUrl } from '../../../crates/logs-gateway/web/api/log_url.js';
import { PodMemory } from '../../../crates/logs-gateway/web/api/pod_memory.js';
import { Sources } from '../../../crates/logs-gateway/web/model/sources.js';
import { EMPTY_VIEW } from '../../../crates/logs-gateway/web/model/view.js';
import { readPage, takeRecord, troubleOfFailure } from '../../../crates/logs-gateway/web/page/line_page.js';
import { NodeProbe } from '../../../crates/logs-gateway/web/page/node_probe.js';

const realFetch = globalThis.fetch;
const realRandom = Math.random;
afterEach(() => {
  globalThis.fetch = realFetch;
  Math.random = realRandom;
});

/** A gateway that gives these answers in turn, then holds. Notes what it was asked. */
function gateway(answers) {
  const asked = [];
  const bodies = [];
  globalThis.fetch = async (url, { signal }) => {
    asked.push(String(url));
    const answer = answers.shift() ?? { open: '' };
    if (answer.status) return new Response(JSON.stringify(answer.problem), { status: answer.status, headers: answer.headers });
    const body = new ReadableStream({
      start(controller) {
        if (answer.text ?? answer.open) controller.enqueue(new TextEncoder().encode(answer.text ?? answer.open));
        if (answer.text !== undefined) controller.close();
        bodies.push(controller);
        signal.addEventListener('abort', () => {
          try {
            controller.error(signal.reason);
          } catch {
            // It is closed.
          }
        });
      },
    });
    return new Response(body);
  };
  return { asked, bodies };
}

/** A stream whose records and states are noted; `until` waits for one of them. */
function listener() {
  const records = [];
  const states = [];
  let waiting = [];
  const check = () => {
    waiting = waiting.filter(({ condition, resolve }) => !condition() || resolve());
  };
  return {
    records,
    states,
    sink: {
      records: (some) => (records.push(...some), check()),
      state: (state) => (states.push(state), check()),
    },
    until: (condition) => new Promise((resolve) => (condition() ? resolve() : waiting.push({ condition, resolve }))),
  };
}

const line = (nth) => `id: c${nth}\ndata: {"n":${nth},"cursor":"c${nth}"}\n\n`;

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

/** A tab of a hub: what it is answered, by subscription. */
function tab(hub) {
  const answers = [];
  const port = { postMessage: (answer) => answers.push(answer), start() {}, onmessage: null };
  hub.connect(port);
  const ask = (request) => port.onmessage({ data: request });
  const subscribe = (id, url, after = '', kind = 'log', user = 'ada') => ask({ do: 'subscribe', id, url, after, kind, user });
  const records = (id) => answers.filter((answer) => answer.id === id).flatMap((answer) => answer.records ?? []);
  const phase = (id) => answers.filter((answer) => answer.id === id && answer.state).at(-1)?.state.phase;
  return { answers, ask, subscribe, records, phase };
}

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));

test('tabs with one log read it once, and a later one gets the last lines', async () => {
  const { asked } = gateway([{ open: line(1) + line(2) }]);
  const hub = new Hub();
  const [one, other] = [tab(hub), tab(hub)];
  one.subscribe(1, '/logs/a/b?');
  await settled();
  other.subscribe(2, '/logs/a/b?');
  other.subscribe(3, '/logs/a/b?', 'c1');
  other.subscribe(4, '/logs/a/b?', 'unknown');
  await settled();
  assert.equal(asked.length, 1);
  assert.equal(other.records(2).length, 2);
  assert.deepEqual(other.records(3), ['message\t{"n":2,"cursor":"c2"}']);
  assert.ok(other.answers.some(({ id, missed }) => id === 4 && missed));
  one.ask({ do: 'bye' });
  other.ask({ do: 'bye' });
  assert.equal(hub.streams.size, 0);
});

test('a stream that began behind a line is not joined as if it had begun with the last lines', async () => {
  const { asked } = gateway([{ open: '' }, { open: line(7) }]);
  const hub = new Hub();
  const [one, other] = [tab(hub), tab(hub)];
  one.subscribe(1, '/logs/a/b?tailLines=5', 'c6');
  other.subscribe(2, '/logs/a/b?tailLines=5');
  await settled();
  assert.deepEqual(asked, ['/logs/a/b?tailLines=5&after=c6', '/logs/a/b?tailLines=5']);
  assert.equal(other.records(2).length, 1);
  [one, other].forEach((each) => each.ask({ do: 'bye' }));
});

test('streams of one user are not shown to another', async () => {
  const { asked } = gateway([{ open: line(1) }, { status: 403, problem: { code: 'permission_denied', detail: '' } }]);
  const hub = new Hub();
  const [ada, bob] = [tab(hub), tab(hub)];
  ada.subscribe(1, '/logs/a/b?');
  await settled();
  bob.subscribe(2, '/logs/a/b?', '', 'log', 'bob');
  await settled();
  assert.equal(asked.length, 2);
  assert.deepEqual(bob.records(2), []);
  assert.equal(bob.phase(2), 'ended');
  [ada, bob].forEach((one) => one.ask({ do: 'bye' }));
});

test('few logs are followed at a time, those that are looked at first', async () => {
  const { asked } = gateway([]);
  const hub = new Hub();
  const tabs = Array.from({ length: 6 }, () => tab(hub));
  for (const [nth, one] of tabs.entries()) {
    one.subscribe(nth, `/logs/a/${nth}?`);
    one.ask({ do: 'visible', value: nth === 5 });
    await settled();
  }
  assert.equal(tabs[5].phase(5), 'reading');
  assert.equal(tabs.filter((one, nth) => one.phase(nth) === 'reading').length, 4);
  const waiting = tabs.findIndex((one, nth) => one.phase(nth) === 'queued');
  tabs[waiting].ask({ do: 'visible', value: true });
  await settled();
  assert.equal(tabs[waiting].phase(waiting), 'reading');
  assert.ok(asked.length >= 6);
  tabs.forEach((one) => one.ask({ do: 'bye' }));
});

test('a tab that joins late gets the pods that there are', () => {
  const memory = new PodMemory();
  const pod = (event, name) => memory.keep(`pod\t${JSON.stringify({ event, namespace: 'a', pod: name })}`);
  pod('added', 'x');
  pod('added', 'y');
  pod('removed', 'x');
  memory.keep('synced\ttrue');
  assert.deepEqual(memory.all().map((record) => record.split('\t')[0]), ['reset', 'pod', 'synced']);
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
  assert.equal(url({ targets: [target('web-0'), target('web-1')] }, { follow: true }), '/logs?pod=web-0%2Cweb-1&namespace=shop&container=app&follow=true');
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
