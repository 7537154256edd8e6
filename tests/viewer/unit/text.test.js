// Text modules: how times, levels, hidden characters, colours and JSON lines are shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { styledRuns } from '../../../crates/logs-gateway/web/text/ansi.js';
import { visibleParts } from '../../../crates/logs-gateway/web/text/escape.js';
import { finder } from '../../../crates/logs-gateway/web/text/found.js';
import { fit, words } from '../../../crates/logs-gateway/web/text/fuzzy.js';
import { fieldPattern, fieldText, foldedFields, literalPattern, parseJsonLine } from '../../../crates/logs-gateway/web/text/json_line.js';
import { matchedTexts, matchMarks } from '../../../crates/logs-gateway/web/text/json_hits.js';
import { continues, isExceptionOf, levelWord } from '../../../crates/logs-gateway/web/text/level.js';
import { decodeBytes, fromByteRanges } from '../../../crates/logs-gateway/web/text/offsets.js';
import { counted, size } from '../../../crates/logs-gateway/web/text/quantity.js';
import { joinMarks, segments } from '../../../crates/logs-gateway/web/text/segments.js';
import { ago, justAfter, parseInstant, stamp, writeInstant } from '../../../crates/logs-gateway/web/text/time.js';

test('an instant keeps its nanoseconds', () => {
  for (const [text, written] of [
    ['2026-11-01T10:00:00.123456789Z', '2026-11-01T10:00:00.123456789Z'],
    ['2026-11-01T10:00:00Z', '2026-11-01T10:00:00.000000000Z'],
    ['2026-11-01T10:00:00.5Z', '2026-11-01T10:00:00.500000000Z'],
  ]) {
    const { ms, ns } = parseInstant(text);
    assert.equal(writeInstant(ms, ns), written);
  }
  assert.deepEqual(justAfter({ ms: 5, ns: 999_999 }), { ms: 6, ns: 0 });
});

test('a stamp has the day only if it is another day', () => {
  const now = Date.parse('2026-11-02T12:00:00Z');
  assert.equal(stamp(Date.parse('2026-11-02T10:02:11.503Z'), 'utc', now), '10:02:11.503');
  assert.equal(stamp(Date.parse('2026-11-01T10:02:11.503Z'), 'utc', now), '11-01 10:02:11.503');
  assert.equal(stamp(now - 3000, 'relative', now), '3 s ago');
  assert.equal(ago(-5000), 'in 5 s');
});

test('quantities are short', () => {
  assert.equal(size(812), '812 B');
  assert.equal(size(4200), '4.2 KB');
  assert.equal(size(999_700), '1.0 MB');
  assert.equal(counted(1, 'line'), '1 line');
  assert.equal(counted(2_100_000, 'line'), '2.1 M lines');
});

test('the word of a level is found near the begin', () => {
  assert.deepEqual(levelWord('2026 WARN pool', 4), [5, 9]);
  assert.equal(levelWord('forewarned is forearmed', 4), null);
  assert.equal(levelWord(`${'x'.repeat(300)} ERROR`, 5), null);
  assert.deepEqual(levelWord('msg="some info" level=error', 5), [22, 27]);
  assert.ok(continues('\tat java.lang') && continues('at main.go') && !continues('attention'));
});

test('an exception belongs to a failure, and stands for itself below other lines', () => {
  for (const text of ['java.io.IOException: closed', 'a.b.C$MyException', 'ValueError: x', 'Traceback (most recent call last):']) {
    assert.ok(isExceptionOf(text, 5) && isExceptionOf(text, 4), text);
    assert.ok(!isExceptionOf(text, 3) && !isExceptionOf(text, 0), text);
  }
  for (const text of ['', 'an Exception: x', 'IOException closed', 'exceptional: x', '1.Error']) assert.ok(!isExceptionOf(text, 5), text);
});

test('hidden characters become glyphs, and tabs stay', () => {
  const shown = (text) => visibleParts(text).map((part) => part.text).join('');
  assert.equal(shown('a\u0000b\tc'), 'a␀b\tc');
  assert.equal(shown('evil\u202etxt.exe'), 'evil⟨RLO⟩txt.exe');
  assert.equal(shown('\u007f\u0085'), '␡⟨85⟩');
  assert.deepEqual(visibleParts('plain'), [{ text: 'plain', isGlyph: false }]);
});

test('colours of terminals become classes', () => {
  assert.deepEqual(styledRuns('a\u001b[1;31mb\u001b[0mc'), [
    { from: 0, to: 1, style: '' },
    { from: 8, to: 9, style: 'fg-1 bold' },
    { from: 13, to: 14, style: '' },
  ]);
  assert.equal(styledRuns('\u001b[38;5;196mx').at(-1)?.style, 'fg-9');
  assert.equal(styledRuns('\u001b[38;2;10;200;10mx').at(-1)?.style, 'fg-2');
  assert.equal(styledRuns('\u001b[48;5;21mx').at(-1)?.style, 'bg-12');
});

test('a line of escape sequences makes a bounded number of runs', () => {
  const bomb = '\u001b[31mx\u001b[32my'.repeat(100_000);
  const begin = performance.now();
  assert.ok(styledRuns(bomb).length <= 401);
  assert.ok(performance.now() - begin < 1000);
});

test('other escape sequences are shown, not obeyed', () => {
  const text = segments('\u001b[2Jgone', []).map((segment) => segment.text).join('');
  assert.equal(text, '␛[2Jgone');
});

test('matches are marked across colours', () => {
  const found = segments('ab\u001b[31mcd', [{ from: 1, to: 8, style: 'hit' }]);
  assert.deepEqual(found, [
    { text: 'a', style: '' },
    { text: 'b', style: 'hit' },
    { text: 'c', style: 'fg-1 hit' },
    { text: 'd', style: 'fg-1' },
  ]);
  assert.equal(joinMarks([{ from: 0, to: 3, style: 'hit' }], [{ from: 2, to: 5, style: 'x' }]).length, 1);
});

test('places in bytes become places in the text', () => {
  assert.deepEqual(fromByteRanges('añ😀b', [[1, 3], [7, 8]]), [[1, 2], [4, 5]]);
  const bytes = btoa(String.fromCharCode(0xff, 0x61, 0x62));
  assert.deepEqual(decodeBytes(bytes, [[1, 2]]), { text: '\ufffdab', ranges: [[1, 2]] });
});

test('a JSON line is folded to its message and fields', () => {
  const json = parseJsonLine('{"time":"t","level":"error","msg":"upstream timeout","status":504,"http":{"route":"/cart"}}');
  assert.equal(json?.message, 'upstream timeout');
  assert.equal(foldedFields(json.fields), '{status: 504, http: {route: "/cart"}}');
  assert.equal(fieldText(json.fields, 'http.route'), '/cart');
  assert.equal(parseJsonLine('{"a":1'), null);
  assert.equal(parseJsonLine('[1]'), null);
  assert.ok(foldedFields(Object.entries({ a: 'x'.repeat(500) })).length < 10);
});

test('what a field filters by is literal', () => {
  assert.equal(literalPattern('a.b(c)'), 'a\\.b\\(c\\)');
  const pattern = new RegExp(fieldPattern('route', '/a.b'));
  assert.ok(pattern.test('{"route": "/a.b"}') && !pattern.test('{"route":"/axb"}'));
});

test('what matched in a line of JSON is found in what is shown of it', () => {
  const text = '{"msg":"say \\"hi\\" to timeouts","http":{"status":504},"time":"2026"}';
  const marked = (shown, match) => matchMarks(shown, [match]).marks.map(({ from, to }) => shown.slice(from, to));
  assert.deepEqual(matchedTexts(text, [[8, 11], [8, 11], [12, 16]]), ['say', '\\"hi']);
  assert.deepEqual(marked('say "hi" to timeouts', 'timeout'), ['timeout']);
  assert.deepEqual(marked('say "hi" to timeouts', '\\"hi\\"'), ['"hi"']);
  assert.deepEqual(marked('{status: 504}', '"status": 504'), ['status: 504']);
  assert.deepEqual(marked('upstream timeout', '"msg":"upstream timeout"'), ['upstream timeout']);
  assert.deepEqual(marked('upstream timeout', '"time":"2026"'), []);
  assert.equal(matchMarks('aaa', ['a', 'aa']).marks.length, 3);
});

test('names are found by words and by letters in order', () => {
  const name = 'shop/checkout-6c9d/app';
  assert.ok(fit(name, words('check app')) > fit(name, words('cko')));
  assert.ok(fit(name, words('shop/check')) > 0);
  assert.equal(fit(name, words('ledger')), 0);
});

test('what is searched for is found in lines that were not chosen by it', () => {
  const found = (pattern, text) => finder(pattern)(text)?.map(([from, to]) => text.slice(from, to)) ?? null;
  assert.deepEqual(found('(?i)timed out', 'it timed OUT, Timed out'), ['timed OUT', 'Timed out']);
  assert.deepEqual(found('timed out', 'it timed OUT'), []);
  assert.deepEqual(found('time\\w* [12]', 'timeout 1, timeout 3'), ['timeout 1']);
  for (const text of ['a|b', '#1 & ~2', '[x-y]', '{a/b}', 'Zürich 🌍']) assert.deepEqual(found(literalPattern(text), `x ${text} y`), [text], text);
  // Colours within a match are no part of it.
  assert.deepEqual(found('red fish', '\u001b[31mred\u001b[0m fish'), ['red\u001b[0m fish']);
  assert.deepEqual(found('x*', 'abc'), []);
  assert.equal(finder('o')('o'.repeat(100))?.length, 32);
  assert.equal(finder('')('text'), null);
});

test('a pattern that takes a browser long is not looked for, or in less of a line', () => {
  for (const pattern of ['(a+)+$', '(a|a)*b', 'a*a*a*a*a*a*b', `${'a?'.repeat(40)}${'a'.repeat(40)}`, '(?=a)a', '(a)\\1', '[', '(?P<n>a)']) {
    assert.equal(finder(pattern)('a'.repeat(4000)), null, pattern);
  }
  assert.deepEqual(finder('a.*b.*c')('a b c'), [[0, 5]]);
  const begin = performance.now();
  for (const pattern of ['a*b', 'a*a*b', 'a*a?a?a?b']) assert.deepEqual(finder(pattern)('a'.repeat(200_000)), [], pattern);
  assert.ok(performance.now() - begin < 2000);
});

test('a screen of hostile lines is searched in a moment', () => {
  const begin = performance.now();
  for (const pattern of ['a*b', 'a*a*b', 'a*a?a?a?b', '.*.*x$']) {
    const found = finder(pattern);
    for (let nth = 0; nth < 100; nth += 1) found(`${nth}${'a'.repeat(4000)}`);
  }
  assert.ok(performance.now() - begin < 4000, `${performance.now() - begin} ms`);
});

test('a line that is searched in part has no end where it is cut', () => {
  const long = (end) => `${'x'.repeat(3998)}${end}`;
  assert.deepEqual(finder('ab$')(long('ab')), [[3998, 4000]]);
  assert.deepEqual(finder('ab$')(long('abc')), []);
  assert.deepEqual(finder('ab\\b')(long(' abc')), []);
  assert.deepEqual(finder('ab')(long('abc')), [[3998, 4000]]);
  // A pattern with a loop is searched for in less of a line.
  assert.deepEqual(finder('x+$')('x'.repeat(3000)), []);
  assert.deepEqual(finder('y x+')(`y ${'x'.repeat(3000)}`)?.length, 1);
});

test('classes of letters and digits are not looked for where the gateway means more', () => {
  for (const [pattern, text] of [['Z\\w+', 'Zürich'], ['\\d+', '٣ 4'], ['a\\b', 'aü'], ['[\\w]', 'ü'], ['\\W', 'ü']]) assert.equal(finder(pattern)(text), null, pattern);
  assert.deepEqual(finder('Z\\w+')('Zurich'), [[0, 6]]);
  assert.deepEqual(finder('Z.r')('Zürich'), [[0, 3]]);
});
