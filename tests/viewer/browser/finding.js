// Filters, links to lines, fields and times.
import assert from 'node:assert/strict';

export async function a_filter_searches_on_the_server_and_marks_matches(stage) {
  const lines = Array.from({ length: 3000 }, (_, nth) => (nth % 1000 === 7 ? `request ${nth} timed OUT` : `request ${nth} done`));
  stage.write(lines, { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'request 2999').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('timed out');
  await page.keyboard.press('Enter');
  await stage.row(page, 'request 7 timed').waitFor();
  assert.deepEqual(await stage.texts(page), [7, 1007, 2007].map((nth) => `request ${nth} timed OUT`));
  assert.deepEqual(await page.locator('mark').allInnerTexts(), ['timed OUT', 'timed OUT', 'timed OUT']);
  await page.locator('#facts', { hasText: '3 matches of 3,000 lines' }).waitFor();
  await page.keyboard.press('N');
  await page.keyboard.press('N');
  assert.match(await page.locator('.row.current').innerText(), /request 1007/);
  await page.keyboard.press('a');
  await stage.row(page, 'request 1006 done').waitFor();
  assert.match(await page.locator('.row.current').innerText(), /request 1007/);
  // What was searched for is still marked.
  assert.deepEqual(await page.locator('mark').allInnerTexts(), ['timed OUT']);
  await page.keyboard.press('n');
  await page.locator('.row.current', { hasText: 'request 2007' }).waitFor();
  await page.keyboard.press('N');
  await page.locator('.row.current', { hasText: 'request 1007' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('-request');
  await page.keyboard.press('Enter');
  await page.locator('#empty', { hasText: /No line matches\. Searched: 3,000 lines, .* up to \d\d:\d\d:\d\d\. New lines that match appear here\./ }).waitFor();
  stage.assertQuiet();
}

export async function a_link_to_a_line_opens_for_those_who_may_read_it(stage) {
  const lines = Array.from({ length: 1500 }, (_, nth) => `line ${nth} of the log`);
  for (const namespace of ['shop', 'payments']) stage.write(lines, { namespace, at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=payments/web-0/app');
  await stage.row(page, 'line 1499 ').waitFor();
  const link = async (log) => {
    await page.goto(`${stage.gateway}/?pod=${log}&grep=line+123+`);
    await stage.row(page, 'line 123 ').waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('a');
    await stage.row(page, 'line 124 ').waitFor();
    await page.keyboard.press('c');
    await page.locator('#facts', { hasText: 'link copied' }).waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const [secret, open] = [await link('payments/web-0/app'), await link('shop/web-0/app')];
  assert.match(open, /#c=/);
  const other = await stage.pageOf('bob', open.slice(stage.gateway.length));
  await other.locator('.row.current', { hasText: 'line 123 ' }).waitFor();
  await other.goto(secret);
  await other.reload();
  await stage.status(other, 'You may not read this log. It needs the permission logs:read:payments/web-0.');
  stage.assertQuiet();
}

export async function fields_of_a_json_line_filter_and_become_columns(stage) {
  const line = (status, route) => JSON.stringify({ level: 'error', msg: 'upstream timeout', status, http: { route } });
  stage.write([line(504, '/cart'), line(200, '/search'), line(504, '/pay')], { at: Date.now() - 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, '{status: 504').waitFor();
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  const field = page.locator('.field', { hasText: 'http.route' });
  assert.equal(await field.locator('.field-value').innerText(), '/pay');
  await field.locator('.field-button', { hasText: '⊞' }).click();
  await page.locator('.column', { hasText: '/search' }).waitFor();
  assert.match(page.url(), /cols=http\.route/);
  await page.locator('.field', { hasText: 'status' }).locator('.field-value').click();
  await page.waitForURL(/grep=/);
  await stage.row(page, '/cart').waitFor();
  assert.deepEqual(await page.locator('.column').allInnerTexts(), ['/cart', '/pay']);
  stage.assertQuiet();
}

export async function times_are_chosen_on_the_bar(stage) {
  const begin = Date.now() - 600_000;
  stage.write(Array.from({ length: 600 }, (_, nth) => `second ${nth} INFO`), { at: begin, step: 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'second 599').waitFor();
  const bar = page.locator('#density-canvas');
  await bar.waitFor();
  await page.waitForFunction(() => document.getElementById('density-from').textContent !== '');
  const box = await bar.boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + 10);
  await page.locator('.row.current').waitFor();
  const near = Number(/second (\d+)/.exec(await page.locator('.row.current').innerText())[1]);
  assert.ok(Math.abs(near - 300) < 30, String(near));
  await page.mouse.move(box.x + box.width * 0.25, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 10, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await page.locator('.row', { hasText: 'second 2' }).first().waitFor();
  await stage.status(page, 'history, not live');
  const shown = (await stage.texts(page)).map((text) => Number(/second (\d+)/.exec(text)[1]));
  assert.ok(Math.max(...shown) < 330 && Math.max(...shown) > 270, shown.join());
  stage.assertQuiet();
}

export async function lines_of_json_are_folded_in_a_search_and_show_what_matched(stage) {
  const line = (nth) => JSON.stringify({ time: `t${nth}`, level: 'error', msg: `upstream timeout ${nth}`, status: 500 + nth, trace: 'abc' });
  stage.write([line(1), line(2), line(3)], { at: Date.now() - 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app&grep=time\\w*%20[12]|t3');
  await stage.row(page, 'upstream timeout 3').waitFor();
  assert.deepEqual((await stage.texts(page)).map((text) => text.split(' {')[0]), [1, 2, 3].map((nth) => `ERROR upstream timeout ${nth}`));
  assert.deepEqual(await page.locator('mark').allInnerTexts(), ['timeout 1', 'timeout 2', 't3']);
  // As it was written, and folded again.
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'As it was written' }).click();
  await page.locator('.row.current', { hasText: line(3) }).waitFor();
  await page.keyboard.press('x');
  await page.locator('.row.current .folded').waitFor();
  // Rows that are selected as a whole are copied as they were written.
  await page.evaluate(() => {
    const texts = [...document.querySelectorAll('.row .text')];
    getSelection().setBaseAndExtent(texts[0], 0, texts[2], texts[2].childNodes.length);
  });
  await page.keyboard.press('Control+c');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), [1, 2, 3].map(line).join('\n'));
  stage.assertQuiet();
}

export async function a_link_to_a_line_of_several_pods_names_it_to_the_nanosecond(stage) {
  const at = Date.now() - 60_000;
  // Each a microsecond after the one before.
  stage.write(Array.from({ length: 300 }, (_, nth) => `line ${nth}.`), { at, step: 0 });
  stage.write(['of the cart'], { pod: 'cart-0', at: at + 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0&pod=shop/cart-0');
  await stage.row(page, 'of the cart').waitFor();
  await page.locator('.row', { hasText: 'line 297.' }).locator('.text').click();
  await page.keyboard.press('c');
  await page.locator('#facts', { hasText: 'link copied' }).waitFor();
  await page.goto(await page.evaluate(() => navigator.clipboard.readText()));
  await page.locator('.row.current', { hasText: 'line 297.' }).waitFor();
  stage.assertQuiet();
}
