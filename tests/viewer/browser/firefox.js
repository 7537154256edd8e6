// The viewer in Firefox: what a user does most, by keyboard and by mouse.
import assert from 'node:assert/strict';

const requests = (count) => Array.from({ length: count }, (_, nth) => (nth % 100 === 7 ? `request ${nth} timed OUT` : `request ${nth} done`));

export async function a_user_logs_in_picks_a_log_and_sees_it_grow(stage) {
  stage.write(requests(300), { at: Date.now() - 60_000 });
  stage.write(['of another pod'], { pod: 'cart-0', at: Date.now() - 90_000 });
  const page = await stage.pageOf('ada');
  await stage.has(page, '#picker-list [role=option]', 'web-0');
  await page.keyboard.type('web');
  await stage.until(page, () => document.querySelectorAll('#picker-list [role=option]').length === 1);
  await stage.press(page, 'Enter');
  await stage.row(page, 'request 299 done');
  await stage.status(page, 'live, caught up');
  stage.write(['and a new line']);
  await stage.row(page, 'and a new line');
  assert.match(await page.evaluate(() => location.search), /^\?pod=shop\/web-0/);
  // The end is left by the wheel, and found again.
  await page.mouse.move(600, 400);
  await page.mouse.wheel({ deltaY: -2000 });
  await stage.until(page, () => !document.getElementById('pill').hidden);
  stage.write(['while it was left']);
  await stage.has(page, '#pill', '1 new line');
  await page.click('#pill');
  await stage.row(page, 'while it was left');
  stage.assertQuiet();
}

export async function a_search_marks_matches_and_a_link_leads_to_a_line(stage) {
  stage.write(requests(300), { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'request 299 done');
  await stage.press(page, '/');
  await page.keyboard.type('timed out');
  await stage.press(page, 'Enter');
  await stage.row(page, 'request 7 timed');
  await stage.has(page, '#facts', '3 matches of 300 lines');
  assert.deepEqual(await stage.textsOf(page, 'mark'), ['timed OUT', 'timed OUT', 'timed OUT']);
  await stage.press(page, 'N', 'N');
  await stage.has(page, '.row.current', 'request 107 timed');
  await stage.press(page, 'a');
  await stage.row(page, 'request 106 done');
  await stage.has(page, '.row.current mark', 'timed OUT');
  await stage.press(page, 'c');
  await stage.has(page, '#facts', 'link copied');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#c=/);
  await stage.press(page, 'n');
  await stage.has(page, '.row.current', 'request 207 timed');
  await page.goBack();
  await stage.has(page, '.row.current', 'request 107 timed');
  // The page is at the address of the link already, so it is left first.
  await page.goto('about:blank');
  await page.goto(link);
  await stage.has(page, '.row.current', 'request 107 timed');
  stage.assertQuiet();
}

export async function the_viewer_is_used_by_keys_alone(stage) {
  stage.write(['INFO before', 'ERROR failed', ...Array.from({ length: 9 }, (_, nth) => `\tat com.example.step${nth}(File.java:${nth})`)], { at: Date.now() - 60_000 });
  stage.write([JSON.stringify({ level: 'warn', msg: 'pool exhausted', wait_ms: 412 }), 'INFO after'], { at: Date.now() - 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'INFO after');
  await stage.has(page, '.trace', '… 9 more lines');
  await stage.press(page, 'k', 'k');
  await stage.has(page, '.row.current', 'pool exhausted');
  await stage.press(page, 'x');
  await stage.has(page, '.row.current .field', 'wait_ms');
  await stage.press(page, 'k', 'x');
  await stage.has(page, '.row.current.unfolded', 'step8(File.java:8)');
  await stage.press(page, 'Enter');
  await stage.matches(page, '#line-menu:popover-open');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Copy line (y)');
  await stage.press(page, 'Enter');
  await stage.has(page, '#facts', 'line copied');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'ERROR failed');
  await stage.press(page, 'w');
  await stage.matches(page, '#list.wrap');
  await stage.press(page, '?');
  await stage.matches(page, '#help[open]');
  await stage.press(page, 'Escape');
  await stage.matches(page, '#help:not([open])');
  await page.keyboard.down('Control');
  await page.keyboard.press('k');
  await page.keyboard.up('Control');
  await stage.matches(page, '#picker[open]');
  await stage.press(page, 'Escape');
  await stage.press(page, 'G');
  await stage.status(page, 'live, caught up');
  stage.assertQuiet();
}

export async function the_bar_and_a_phone_fit_as_in_chromium(stage) {
  const pod = 'checkout-frontend-canary-6c9d7f8b54-x2x7p';
  stage.write(['a long line that does not fit '.repeat(20), 'the end'], { pod });
  const page = await stage.pageOf('ada', `/?pod=shop/${pod}/app`, { width: 1000, height: 600 });
  await stage.row(page, 'the end');
  const bar = await page.$eval('.bar', (node) => ({ height: node.offsetHeight, inner: node.scrollWidth, width: node.clientWidth }));
  assert.ok(bar.height < 48 && bar.inner <= bar.width, JSON.stringify(bar));
  await page.setViewport({ width: 390, height: 844 });
  await page.reload();
  await stage.row(page, 'the end');
  const list = await page.$eval('#list', (node) => [node.scrollWidth, node.clientWidth]);
  assert.ok(list[0] <= list[1], `scrolls sideways: ${list}`);
  stage.assertQuiet();
}
