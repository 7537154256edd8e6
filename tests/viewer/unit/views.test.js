// Views: their URLs, the logs that can be chosen, what went wrong with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChosenText } from '../../../crates/logs-gateway/web/model/chosen_text.js';
import { Hues } from '../../../crates/logs-gateway/web/model/hues.js';
import { LocalStore } from '../../../crates/logs-gateway/web/model/local_store.js';
import { PodList, targetsOfAll } from '../../../crates/logs-gateway/web/model/pod_list.js';
import { endOf, troubleOf } from '../../../crates/logs-gateway/web/model/problems.js';
import { exactParts, isTargeted, parseView, withoutBadPatterns, writeTarget, writeView } from '../../../crates/logs-gateway/web/model/view.js';

test('a view survives its URL', () => {
  const text = '?pod=shop/checkout-6c9d/app&pod=shop/web*&grep=time%5Cdout&grep=a%26b&exclude=x&level=warn&stream=Stderr&from=2026-11-01T10:00:00Z&find=y&cols=status,http.route#c=AbC-_';
  const at = text.indexOf('#');
  const view = parseView(text.slice(0, at), text.slice(at));
  assert.deepEqual(view.targets[1], { namespace: 'shop', pod: 'web*', container: '*' });
  assert.deepEqual(view.grep, ['time\\dout', 'a&b']);
  assert.deepEqual(view.place, { kind: 'cursor', cursor: 'AbC-_' });
  const written = writeView(view);
  const again = parseView(written.slice(0, written.indexOf('#')), written.slice(written.indexOf('#')));
  assert.deepEqual(again, view);
  assert.equal(writeView(parseView('', '')), '');
});

test('a link that was cut is no reason to fail', () => {
  assert.deepEqual(parseView('?pod=a/b', '#t=2026-11-01T1%').place, { kind: 'end' });
  assert.deepEqual(parseView('?pod=a/b', '#c=%E0%A4%A').place, { kind: 'cursor', cursor: '%E0%A4%A' });
});

test('a bad pattern is taken as plain text, wherever it is', () => {
  const mended = (grep, exclude) => withoutBadPatterns({ ...parseView('', ''), grep, exclude });
  assert.deepEqual(mended(['(?i)a(', 'b.c'], []), { grep: ['a\\(', 'b.c'], exclude: [] });
  assert.deepEqual(mended(['b.c'], ['(x']), { grep: ['b.c'], exclude: ['\\(x'] });
  assert.deepEqual(mended(['a.b', 'c.d'], ['x']), { grep: ['a.b', 'c\\.d'], exclude: ['x'] });
});

test('a view is counted in parts that no other log belongs to', () => {
  const parts = (search) => exactParts(parseView(search, '')).map(({ targets }) => targets.map(writeTarget).join('+'));
  assert.deepEqual(parts('?pod=a/x/app&pod=a/y/app'), ['a/x/app+a/y/app']);
  assert.deepEqual(parts('?pod=a/x/app&pod=a/y/proxy&pod=b/x/app'), ['a/x/app', 'a/y/proxy', 'b/x/app']);
  assert.deepEqual(parts('?pod=a/x/app&pod=a/x&pod=a/y*/app'), ['a/x', 'a/y*/app']);
});

test('of a text of several logs the chosen lines are kept, wherever it is cut', () => {
  const { targets } = parseView('?pod=shop/web-0/app&pod=shop/cart-*', '');
  const lines = ['shop/web-0/app 2026 one', 'shop/web-0/proxy 2026 no', 'shop/cart-1/any ', 'bank/cart-1/any no', 'shop/web-0/app é two'];
  const text = new TextEncoder().encode(`${lines.join('\n')}\n`);
  for (const size of [1, 2, 7, 1000]) {
    const chosen = new ChosenText(targets);
    let kept = [];
    for (let at = 0; at < text.length; at += size) kept = [...kept, ...chosen.push(text.slice(at, at + size))];
    assert.equal(new TextDecoder().decode(Uint8Array.from(kept)), [0, 2, 4].map((nth) => `${lines[nth]}\n`).join(''));
  }
});

test('lines of pods that were not asked for are left out', () => {
  const targets = [{ namespace: 'a', pod: 'x-*', container: '*' }, { namespace: 'b', pod: 'y', container: 'app' }];
  assert.ok(isTargeted(targets, { namespace: 'a', pod: 'x-1', container: 'any' }));
  assert.ok(!isTargeted(targets, { namespace: 'b', pod: 'x-1', container: 'app' }));
  assert.ok(!isTargeted(targets, { namespace: 'b', pod: 'y', container: 'other' }));
});

test('logs are found and sorted by what was typed and by their last write', () => {
  const pods = new PodList();
  const pod = (name, write, containers = ['app']) => pods.take('pod', JSON.stringify({
    event: 'added', namespace: 'shop', pod: name, uid: 'u', node: null,
    containers: containers.map((container) => ({ name: container, restart: 0, last_write: write, size: 5, runs: [{ restart: 0, first_time: write, last_time: null, size: 5 }] })),
  }));
  pod('web-0', '2026-11-01T10:00:00Z');
  pod('cart-0', '2026-11-01T11:00:00Z', ['app', 'proxy']);
  assert.equal(pods.choices('', 10)[0].target.pod, 'cart-0');
  assert.equal(pods.containersOf({ namespace: 's*', pod: '*-0', container: 'app' }).length, 2);
  assert.equal(pods.extent([{ namespace: 'shop', pod: 'cart-0', container: '*' }]).size, 10);
  assert.deepEqual(pods.choices('proxy', 10).map(({ target }) => target.container), ['proxy']);
  assert.equal(pods.choices('cart all', 10)[0].target.container, '*');
  const all = targetsOfAll(pods.choices('shop', 10)).map(({ pod, container }) => `${pod}/${container}`);
  assert.deepEqual(all.sort(), ['cart-0/*', 'web-0/app']);
  const names = (typed) => pods.choices(typed, 10).map(({ target }) => writeTarget(target));
  assert.deepEqual(names('s?op/cart-*'), ['s?op/cart-*', 'shop/cart-0', 'shop/cart-0/app', 'shop/cart-0/proxy']);
  assert.deepEqual(names('WEB*'), ['*/web*', 'shop/web-0/app']);
  assert.equal(pods.choices('*-0', 10)[0].containers, 3);
  assert.deepEqual(names('x*'), []);
  assert.deepEqual(targetsOfAll(pods.choices('*-0', 10)).map(writeTarget).sort(), ['shop/cart-0', 'shop/web-0/app']);
  pods.take('pod', JSON.stringify({ event: 'removed', namespace: 'shop', pod: 'cart-0', uid: 'u' }));
  assert.equal(pods.choices('', 10).length, 1);
});

test('only runs after the first one of their container are restarts', () => {
  const pods = new PodList();
  const pod = (name, starts) => pods.take('pod', JSON.stringify({
    event: 'added', namespace: 'shop', pod: name, uid: 'u', node: null,
    containers: [{ name: 'app', restart: starts.length - 1, last_write: null, size: 5, runs: starts.map((first_time, restart) => ({ restart, first_time, last_time: null, size: 5 })) }],
  }));
  pod('web-0', ['2026-11-01T08:00:00Z', '2026-11-01T10:00:00Z', '2026-11-01T09:00:00Z']);
  pod('web-1', ['2026-11-01T11:00:00Z']);
  const targets = [{ namespace: 'shop', pod: 'web-*', container: '*' }];
  assert.deepEqual(pods.restarts(targets), ['2026-11-01T09:00:00Z', '2026-11-01T10:00:00Z']);
  assert.deepEqual(pods.restarts([{ ...targets[0], pod: 'web-1' }]), []);
  assert.equal(pods.runStarts(targets).length, 4);
});

test('what went wrong is said in a sentence with one remedy', () => {
  const trouble = (status, code, detail = '') => troubleOf({ status, code, detail, retryAfter: 0 });
  assert.ok(trouble(0, '').isTransient && trouble(503, 'sso_unavailable').isTransient);
  assert.equal(trouble(401, 'invalid_token').remedy, 'log-in');
  assert.match(trouble(403, 'permission_denied', 'The permission logs:read:shop/web-0 is missing.').text, /logs:read:shop\/web-0\.$/);
  assert.equal(trouble(410, 'cursor_expired').remedy, 'live');
  assert.equal(trouble(422, 'bad_pattern', 'is not a regular expression: unclosed group').text, 'The filter is no regular expression: unclosed group');
  assert.equal(endOf('revoked').remedy, 'log-in');
  assert.ok(endOf('shutdown').isTransient && !endOf('container_exit').isTransient);
});

test('a browser that refuses storage remembers nothing', () => {
  const refusing = { getItem: () => { throw new Error('no'); }, setItem: () => { throw new Error('no'); } };
  for (const storage of [refusing, null]) {
    const store = new LocalStore(storage);
    store.keepSettings({ wrap: true, stamps: 'utc', scheme: 'dark', density: true, fold: true });
    store.visit({ url: '?x', title: 'x' });
    assert.deepEqual(store.recent(), []);
    assert.equal(store.settings({ wrap: false, stamps: 'local', scheme: 'system', density: true, fold: true }).wrap, false);
  }
});

test('logs of a view have different colours, and each keeps its own', () => {
  const hues = new Hues();
  const names = Array.from({ length: 12 }, (_, nth) => `web-${nth}/app`);
  const first = names.map((name) => hues.of(name));
  assert.equal(new Set(first).size, 12);
  assert.ok(hues.of('one more') < 12);
  assert.deepEqual(names.map((name) => hues.of(name)), first);
  assert.equal(new Hues().of(names[0]), first[0]);
});
