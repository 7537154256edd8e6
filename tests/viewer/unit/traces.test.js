// Stack traces: which lines belong to an earlier one, and the heights of a list that folds them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Heights } from '../../../crates/logs-gateway/web/model/heights.js';
import { Lines } from '../../../crates/logs-gateway/web/model/lines.js';
import { isSameLine } from '../../../crates/logs-gateway/web/model/row.js';
import { selectedText } from '../../../crates/logs-gateway/web/model/selection.js';
import { Sums } from '../../../crates/logs-gateway/web/model/sums.js';
import { headOf, MAX_TRACE, traceOf } from '../../../crates/logs-gateway/web/model/traces.js';
import { shapeOf, shapeWith } from '../../../crates/logs-gateway/web/text/trace_shape.js';

let clock = 0;
const line = (text, source = 0) => ({ ms: (clock += 1), ns: 0, source, level: 0, flags: 0, text, cursor: `c${clock}`, hits: null });
const note = (kind) => ({ note: kind, text: kind, ms: 0 });

/** The texts of each line with those that belong to it. */
function groups(lines) {
  const found = [];
  for (let key = lines.first; key < lines.end; key += 1) {
    const row = lines.row(key);
    if (lines.traces.of(key) === 0 && !('note' in row)) found.push([row.text, ...traceOf(lines, key).map((part) => lines.row(part).text.trim())].join('|'));
  }
  return found;
}

function listOf(...rows) {
  const lines = new Lines();
  lines.append(rows);
  return lines;
}

test('lines that continue another belong to it', () => {
  const lines = listOf(line('ERROR x'), line('\tat a'), line('\tat b'), line('Caused by: y'), line('INFO z'), line('INFO w'));
  assert.deepEqual(groups(lines), ['ERROR x|at a|at b|Caused by: y', 'INFO z', 'INFO w']);
  assert.equal(headOf(lines, 3), 0);
  assert.equal(headOf(lines, 4), 4);
  assert.deepEqual(traceOf(lines, 1), []);
});

test('an exception below a failure belongs to it', () => {
  const levelled = (text, level) => ({ ...line(text), level });
  const lines = listOf(levelled('ERROR x', 5), levelled('java.io.IOException: y', 5), line('\tat a'), levelled('INFO z', 3), line('java.io.IOException: w'), line('\tat b'));
  assert.deepEqual(groups(lines), ['ERROR x|java.io.IOException: y|at a', 'INFO z', 'java.io.IOException: w|at b']);
});

const TRACES = {
  'Java, logged': [
    'ERROR c.e.Cart : failed', 'java.lang.IllegalStateException: no cart', '\tat com.example.Cart.find(Cart.java:41)', '\tSuppressed: java.io.IOException: x',
    'Caused by: java.net.SocketTimeoutException: Read timed out', '\tat java.base/java.net.Socket.read(Socket.java:1)', '\t... 12 more',
  ],
  'Java, uncaught': ['Exception in thread "main" java.lang.NullPointerException', '\tat Main.main(Main.java:3)', 'Caused by: java.lang.Error', '\t... 1 more'],
  'Python, logged': [
    'ERROR:root:failed', 'Traceback (most recent call last):', '  File "a.py", line 2, in find', '    raise KeyError(1)', 'KeyError: 1', '',
    'During handling of the above exception, another exception occurred:', '', 'Traceback (most recent call last):', '  File "a.py", line 4, in <module>',
    '    find()', 'requests.exceptions.Timeout: read timed out',
  ],
  'Python, uncaught': ['Traceback (most recent call last):', '  File "a.py", line 2, in <module>', '    1 / 0', '    ~~^~~', 'ZeroDivisionError: division by zero'],
  'Python, caused': [
    'Traceback (most recent call last):', '  File "a.py", line 2', 'StopIteration', '', 'The above exception was the direct cause of the following exception:', '',
    'Traceback (most recent call last):', '  File "a.py", line 4', 'shop.errors.NotFound: cart',
  ],
  'Go, a panic': [
    'panic: runtime error: invalid memory address or nil pointer dereference', '[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f1a2]', '',
    'goroutine 18 [running]:', 'main.(*Cart).find(0x0, {0xc000012345, 0x4})', '\t/app/cart.go:41 +0x1d', 'github.com/example/shop/v2.Map[...](...)', '\t/go/pkg/shop.go:9',
    'panic({0x4a1b60?, 0x4d2f10?})', '\t/usr/local/go/src/runtime/panic.go:785 +0x132', 'created by net/http.(*Server).Serve in goroutine 1', '\t/usr/local/go/src/net/http/server.go:3285 +0x4b4',
    '', 'goroutine 1 [IO wait, 3 minutes]:', 'internal/poll.runtime_pollWait(0x7f, 0x72)', '\t/usr/local/go/src/runtime/netpoll.go:351 +0x85', 'exit status 2',
  ],
  'Go, out of stack': [
    'runtime: goroutine stack exceeds 1000000000-byte limit', 'runtime: sp=0xc020160390 stack=[0xc020160000, 0xc040160000]', 'fatal error: stack overflow', '',
    'runtime stack:', 'runtime.throw({0x4a1b60?, 0x0?})', '\t/usr/local/go/src/runtime/panic.go:1101 +0x48', '', 'goroutine 1 gp=0xc000002380 m=0 mp=0x5 [running]:',
    'main.(*List[...]).each(0xc000012345, ...)', '\t/app/list.go:7', '...23 frames elided...', 'created by main.main', '\t/app/main.go:3', '', 'rax    0x0', 'cs     0x33',
  ],
  'Go, recovered and panicked': ['panic: one [recovered]', '\tpanic: two', '', 'goroutine 1 [select (no cases)]:', 'example.com/log.(*Entry).Panic(0x1, {0x2?, _})', '\t/app/log.go:3'],
  'Go, recovered': ['2026/11/01 10:00:00 http: panic serving 10.0.0.7:4711: boom', 'goroutine 34 [running]:', 'net/http.(*conn).serve.func1()', '\t/usr/local/go/src/net/http/server.go:1947 +0xbe'],
  'Go, logged': ['ERROR reconcile failed', 'sigs.k8s.io/controller-runtime/pkg/internal/controller.(*Controller).Reconcile', '\t/go/pkg/mod/controller.go:119', 'main.main', '\t/app/main.go:12'],
};

/** As the gateway tells it of the first words of these. */
const levelOf = (text) => (/\bERROR/.test(text) ? 5 : /panic|fatal/i.test(text) ? 6 : /^INFO/.test(text) ? 3 : /^WARN/.test(text) ? 4 : 0);

test('traces of Java, Python and Go are kept together', () => {
  for (const [name, trace] of Object.entries(TRACES)) {
    const texts = ['INFO before', ...trace, 'INFO after', 'ready', 'served GET /cart (12 ms)'];
    const whole = [trace.length, 1, 1, 1];
    const rows = texts.map((text) => ({ ...line(text), level: levelOf(text) }));
    const sizes = (lines) => groups(lines).map((group) => group.split('|').length);
    assert.deepEqual(sizes(listOf(...rows)), [1, ...whole], name);
    // Wherever a page cuts it.
    for (let cut = 1; cut < rows.length; cut += 1) {
      const lines = listOf(...rows.slice(cut).map((row) => ({ ...row })));
      lines.prepend(rows.slice(0, cut).map((row) => ({ ...row })));
      assert.deepEqual(sizes(lines), [1, ...whole], `${name}, cut at ${cut}`);
    }
  }
});

test('a traceback behind another failure is one of its own', () => {
  for (const name of ['Python, uncaught', 'Python, logged', 'Go, a panic']) {
    const rows = [...TRACES[name], ...TRACES['Python, uncaught']].map((text) => ({ ...line(text), level: levelOf(text) }));
    assert.deepEqual(groups(listOf(...rows)).map((group) => group.split('|').length), [TRACES[name].length, TRACES['Python, uncaught'].length], name);
  }
});

test('lines that only resemble parts of a trace stand for themselves', () => {
  const traceback = 'Traceback (most recent call last):';
  const goroutine = ['goroutine 1 [running]:', 'main.f()', '\t/app/f.go:1'];
  /** Lines before, and lines of which each stands for itself. */
  const rows = [
    [['INFO x'], ['main.main']], [['INFO x'], [traceback]], [['ERROR x'], ['10.0.0.7']], [['ERROR x'], ['retry of cart.find failed']], [['ready'], ['']], [['INFO x'], ['main.f()']],
    [['WARN pool low'], ['order.created', 'order.paid']], [['ERROR x'], ['shop.order.paid']],
    [[traceback, '  File "a.py", line 2'], ['INFO:root:goes on']], [[traceback, '  File "a.py", line 2'], ['CRITICAL: goes on']], [[traceback], ['ready']],
    [['panic: a'], ['panic: b']], [['panic: a'], ['charge(order=7, user=9)']], [['panic: a', ''], ['main.f()']], [['panic: a'], ['runtime: ERROR x']],
    [['SIGHUP: reloading'], ['SIGHUP: reloading', 'reload(all) took 3 ms (ok)']], [['SIGTERM: draining'], ['FATAL(db): gone (x)']], [['SIGSEGV: x'], ['FATAL(db): gone (x)']],
    [['http: panic serving', ...goroutine], ['charge(order=7, user=9)', 'panic: b']], [goroutine, ['FATAL(db): gone (x)', 'created by the user', 'charge(order=7, user=9)']],
    [goroutine, ['shop.charge(order=7)', 'fatal error: x']], [goroutine, ['... and so on']],
  ];
  for (const [before, after] of rows) {
    const list = [...before, ...after].map((text) => ({ ...line(text), level: levelOf(text) }));
    assert.deepEqual(groups(listOf(...list)).slice(1), after, `${before} | ${after}`);
  }
});

test('long lines take no longer than their length', () => {
  const long = (part) => part.repeat(250_000 / part.length);
  const parts = ['A', '[', ']', '(', ')', '.', ' ', '\n', 'A.', 'A.b', '.func1', '.1', 'a/', '(*', '[.', '()', '](', '):', 'Error', '{}', 'Traceback (most recent call last):', 'goroutine 1 [', 'r0 0x'];
  const begins = ['', 'goroutine 1 ', 'goroutine 1 [', 'goroutine ', 'panic: ', 'a.b', 'a.(*', 'main.f(', 'main.f[', 'created by ', 'Traceback (most recent call last):', 'rax', 'a.b.func1'];
  const begin = performance.now();
  for (const text of begins.flatMap((start) => parts.map((part) => `${start}${long(part)}!`))) {
    shapeOf(text);
    for (const shape of ['plain', 'python', 'traced', 'raised', 'chained', 'go', 'goroutine']) shapeWith(shape, 5, { text, level: 0 });
  }
  assert.ok(performance.now() - begin < 10_000, `${performance.now() - begin} ms`);
});

test('lines of other logs do not break a trace, and each stream has its own', () => {
  const stderr = { ...line('\tat of stderr'), flags: 1 };
  const lines = listOf(line('ERROR one', 1), line('ERROR two', 2), line('\tat 1', 1), stderr, line('\tat 2', 2), line('\tat 1b', 1));
  assert.deepEqual(groups(lines), ['ERROR one|at 1|at 1b', 'ERROR two|at 2', '\tat of stderr']);
});

test('a gap and another run end a trace, and what happens to other logs does not', () => {
  const lines = listOf(line('one'), note('log'), line('\ta'), note('gap'), line('\tb'), line('\tc'), note('run'), line('\td'));
  assert.deepEqual(groups(lines), ['one|a', '\tb|c', '\td']);
});

test('a trace is bounded', () => {
  const lines = listOf(...Array.from({ length: 3 * MAX_TRACE }, (_, nth) => line(`\t${nth}`)));
  assert.equal(traceOf(lines, 0).length, MAX_TRACE - 1);
  assert.equal(groups(lines).length, 3);
});

test('a trace that is cut by a page is joined when the page before is read', () => {
  for (const length of [3, 600]) {
    const parts = Array.from({ length }, (_, nth) => line(`\tat ${nth}`));
    const cut = Math.min(2, length);
    const lines = listOf(...parts.slice(cut, 200), line('INFO next'));
    const before = groups(lines);
    assert.equal(before[0].split('|')[0], '\tat 2');
    lines.prepend([line('INFO first'), line('ERROR x'), ...parts.slice(0, cut)]);
    assert.deepEqual(groups(lines).map((group) => group.split('|')[0]), ['INFO first', 'ERROR x', 'INFO next']);
    assert.equal(headOf(lines, 0), lines.first + 1);
  }
});

test('a trace goes on in the next lines that come', () => {
  const lines = listOf(line('ERROR x'));
  lines.append([line('\tat a')]);
  lines.append([line('\tat b'), line('INFO y')]);
  assert.deepEqual(groups(lines), ['ERROR x|at a|at b', 'INFO y']);
});

test('traces are right after rows were dropped at either end', () => {
  const rows = () => Array.from({ length: 3000 }, (_, nth) => line(nth % 3 === 0 ? `INFO ${nth}` : `\tat ${nth}`));
  const lines = new Lines(60_000);
  lines.append(rows());
  assert.ok(lines.trim('first'));
  const { first } = lines;
  lines.prepend([line('INFO a'), line('INFO b'), line('INFO c')]);
  assert.deepEqual([1, 2, 3].map((back) => lines.traces.of(first - back)), [0, 0, 0]);
  lines.prepend(rows());
  assert.ok(lines.trim('last'));
  const { end } = lines;
  lines.append([line('INFO d'), line('\tat e'), line('INFO f')]);
  assert.deepEqual([0, 1, 2].map((at) => lines.traces.of(end + at)), [0, 1, 0]);
});

test('a line is the same whether or not it is marked', () => {
  const one = { ...line('\tat a'), cursor: '' };
  assert.ok(isSameLine(one, { ...one, flags: 32 }));
  assert.ok(!isSameLine(one, { ...one, flags: 1 }));
});

test('sums of ranges are those of the numbers, whatever was dropped', () => {
  const sums = new Sums();
  const plain = new Map();
  let state = 7;
  const roll = (below) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let turn = 0; turn < 3000; turn += 1) {
    const key = roll(100_000) - 50_000;
    const value = roll(5);
    sums.set(key, value);
    plain.set(key, value);
    if (turn === 1000) drop((key) => key < -30_011, () => sums.dropBefore(-30_011));
    if (turn === 2000) drop((key) => key >= 40_007, () => sums.dropFrom(40_007));
  }
  function drop(isDropped, act) {
    for (const key of [...plain.keys()]) if (isDropped(key)) plain.delete(key);
    act();
  }
  for (const [from, to] of [[-50_000, 50_000], [-100, 100], [0, 0], [-16_384, 16_384], [255, 257], [-40_000, 39_999]]) {
    let sum = 0;
    for (const [key, value] of plain) if (key >= from && key < to) sum += value;
    assert.equal(sums.between(from, to), sum, `${from} to ${to}`);
  }
});

test('rows that are part of a folded one have no height', () => {
  const heights = new Heights(18);
  heights.hidden = new Sums();
  for (let key = 10; key < 20; key += 1) heights.hidden.set(key, 1);
  heights.set(9, 54);
  assert.equal(heights.of(12), 0);
  assert.equal(heights.between(0, 100), 90 * 18 + 36);
  assert.deepEqual(heights.at(0, 100, 9 * 18 + 54), { key: 20, inside: 0 });
  assert.deepEqual(heights.at(0, 100, 9 * 18 + 53), { key: 9, inside: 53 });
});

test('a selection over a folded trace has all of its lines, once', () => {
  const shown = (key) => ['first', 'head\n\tat a\n\tat b', null, null, 'last'][key];
  assert.equal(selectedText({ key: 0, offset: 2 }, { key: 4, offset: 2 }, shown), 'rst\nhead\n\tat a\n\tat b\nla');
  assert.equal(selectedText({ key: 1, offset: 1 }, { key: 4, offset: 0 }, shown), 'ead\n\tat a\n\tat b\n');
});

test('rows that are selected as a whole are copied as they were written', () => {
  const shown = (key) => ['msg {a: 1}', 'msg {a: 2}', 'msg {a: 3}'][key];
  const whole = (key) => ['{"msg":"msg","a":1}', '{"msg":"msg","a":2}', '{"msg":"msg","a":3}'][key];
  assert.equal(selectedText({ key: 0, offset: 0 }, { key: 2, offset: 10 }, shown, whole), [0, 1, 2].map(whole).join('\n'));
  assert.equal(selectedText({ key: 0, offset: 4 }, { key: 2, offset: 3 }, shown, whole), `{a: 1}\n${whole(1)}\nmsg`);
  assert.equal(selectedText({ key: 0, offset: 0 }, { key: 1, offset: 0 }, shown, whole), `${whole(0)}\n`);
});

test('a million lines in traces have the height of their first lines', () => {
  const lines = new Lines(Infinity);
  lines.append(Array.from({ length: 1_000_000 }, (_, nth) => line(nth % 24 === 0 ? 'ERROR x' : '\tat y')));
  const heights = new Heights(18);
  heights.hidden = lines.traces;
  assert.equal(heights.between(0, lines.end), Math.ceil(1_000_000 / 24) * 18);
  assert.deepEqual(heights.at(0, lines.end, 18 * 30_000 + 7), { key: 24 * 30_000, inside: 7 });
});
