// Streams that tabs share. The gateway is a stub.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Hub } from '../../../crates/logs-gateway/web/api/hub.js';
import { PodMemory } from '../../../crates/logs-gateway/web/api/pod_memory.js';
import { gateway, line, settled } from '../stub_gateway.js';

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
