// All of it by keyboard alone, by mouse alone, and by touch.
import assert from 'node:assert/strict';

const lines = (count) => Array.from({ length: count }, (_, nth) => `line ${nth}.`);

export async function matches_and_places_are_reached_by_mouse(stage) {
  stage.write(lines(2000), { at: Date.now() - 60_000 });
  stage.write(['of the next run'], { at: Date.now() - 1000, run: 1 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'of the next run').waitFor();
  assert.ok(await page.locator('#matches').isHidden());
  const go = async (name) => {
    await page.click('#time');
    await page.locator('#time-menu').getByRole('button', { name }).click();
  };
  await go('Begin of the log');
  await stage.row(page, 'line 0.').waitFor();
  await go('Run after');
  await page.locator('.row.current', { hasText: 'of the next run' }).waitFor();
  await page.fill('#filter', 'line 19');
  await page.keyboard.press('Enter');
  await stage.row(page, 'line 1999.').waitFor();
  await page.getByRole('button', { name: 'Previous match' }).click();
  await page.locator('.row.current', { hasText: 'line 1999.' }).waitFor();
  await page.getByRole('button', { name: 'Previous match' }).click();
  await page.getByRole('button', { name: 'Next match' }).click();
  await page.locator('.row.current', { hasText: 'line 1999.' }).waitFor();
  stage.assertQuiet();
}

export async function a_field_is_filtered_by_with_keys_alone(stage) {
  const line = (status) => JSON.stringify({ level: 'error', msg: 'failed', status });
  stage.write([line(504), line(200), line(504)], { at: Date.now() - 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, '{status: 504').waitFor();
  await page.locator('#list').focus();
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  await page.locator('.field').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), '504');
  await page.keyboard.press('Enter');
  await page.waitForURL(/grep=/);
  await page.locator('#facts', { hasText: '2 matches' }).waitFor();
  // The time menu offers the range in use.
  await page.goto(`${stage.gateway}/?pod=shop/web-0/app&from=2026-11-01T10:00:05Z&to=2036-11-01T10:00:07Z`);
  await page.locator('#time').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#time-from'), '2026-11-01T10:00:05');
  assert.equal(await page.inputValue('#time-to'), '2036-11-01T10:00:07');
  stage.assertQuiet();
}

export async function a_level_is_chosen_with_keys_alone(stage) {
  stage.write(['INFO before', 'ERROR failed', 'INFO after', 'FATAL gone'], { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'INFO after').waitFor();
  for (const key of ['/', 'Tab', 'Tab']) await page.keyboard.press(key);
  // The arrow goes on from each level to the next, in one entry of the history.
  const before = await page.evaluate(() => history.length);
  for (const level of ['debug', 'info', 'warn', 'error']) {
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(new RegExp(`level=${level}`));
  }
  assert.equal(await page.evaluate(() => history.length), before + 1);
  await stage.row(page, 'ERROR failed').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('k');
  await page.locator('.row.current', { hasText: 'FATAL gone' }).waitFor();
  assert.deepEqual(await stage.texts(page), ['ERROR failed', 'FATAL gone']);
  await page.goBack();
  await stage.row(page, 'INFO before').waitFor();
  // A step is applied at once when the keyboard leaves.
  for (const key of ['/', 'Tab', 'Tab', 'ArrowDown', 'Escape']) await page.keyboard.press(key);
  await page.waitForURL(/level=debug/);
  stage.assertQuiet();
}

export async function actions_of_a_line_are_reached_by_touch(stage) {
  stage.write(['one', 'two', 'three'], { at: Date.now() - 1000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await stage.row(page, 'three').waitFor();
  const button = page.locator('#line-actions');
  assert.ok(await button.isHidden());
  await page.locator('.row', { hasText: 'two' }).locator('.text').tap();
  assert.ok((await button.boundingBox()).height >= 44);
  await button.tap();
  await page.getByRole('button', { name: /^Copy line/ }).tap();
  await page.locator('#facts', { hasText: 'line copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'two');
  stage.assertQuiet();
}

export async function times_before_now_grow(stage) {
  stage.write(['one'], { at: Date.now() - 3000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'one').waitFor();
  await page.keyboard.press('t');
  await page.keyboard.press('t');
  const stamp = page.locator('.row.line .stamp');
  const first = await stamp.innerText();
  assert.match(first, /^\d+ s ago$/);
  await page.waitForFunction((text) => document.querySelector('.row.line .stamp').textContent !== text, first);
  stage.assertQuiet();
}
