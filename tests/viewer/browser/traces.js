// Stack traces: kept together, folded to their first lines, and opened.
import assert from 'node:assert/strict';

const frames = (count, name = 'frame') => Array.from({ length: count }, (_, nth) => `\tat com.example.${name}.step${nth}(File.java:${nth})`);

/** The texts of the rows in order, with the number of folded lines. */
async function shown(page) {
  const rows = await page.locator('.row.line:not(.pinned)').all();
  return Promise.all(rows.map(async (row) => {
    const [text] = (await row.locator('.text').innerText()).split('\n');
    const trace = row.locator('.trace');
    return (await trace.count()) > 0 ? `${text} ${await trace.innerText()}` : text;
  }));
}

export async function a_stack_trace_is_folded_and_opened(stage) {
  stage.write(['INFO before', 'ERROR failed', ...frames(23), 'INFO after'], { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'INFO after').waitFor();
  assert.deepEqual(await shown(page), ['INFO before', 'ERROR failed … 23 more lines', 'INFO after']);
  // The keyboard goes from one line to the next, over the folded ones.
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  assert.match(await page.locator('.row.current').innerText(), /ERROR failed/);
  await page.keyboard.press('x');
  await page.locator('.row.unfolded', { hasText: 'step22(File.java:22)' }).waitFor();
  assert.equal(await page.locator('.row.line').count(), 3);
  await page.keyboard.press('j');
  assert.match(await page.locator('.row.current').innerText(), /INFO after/);
  // By mouse.
  await page.locator('.trace').click();
  await page.locator('.trace', { hasText: '… 23 more lines' }).waitFor();
  // A selection over the folded lines has them.
  const last = frames(23).at(-1);
  await page.evaluate(() => {
    const texts = [...document.querySelectorAll('.row .text')];
    getSelection().setBaseAndExtent(texts[0], 0, texts[2].querySelector('.level-word').firstChild, 4);
  });
  await page.keyboard.press('Control+c');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.deepEqual(copied.split('\n').length, 26);
  assert.ok(copied.includes(`ERROR failed\n${frames(1)[0]}\n`) && copied.includes(`${last}\nINFO`), copied);
  await page.evaluate(() => getSelection().removeAllRanges());
  // Folding is a setting.
  await page.locator('#list').focus();
  await page.keyboard.press('X');
  await stage.row(page, 'step22(').waitFor();
  assert.equal(await page.locator('.row.line').count(), 26);
  await page.keyboard.press('X');
  await page.locator('.trace').waitFor();
  stage.assertQuiet();
}

export async function a_stack_trace_grows_while_it_is_followed(stage) {
  stage.write(['INFO before']);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'INFO before').waitFor();
  await stage.status(page, 'live, caught up');
  stage.write(['ERROR failed', ...frames(2)]);
  await page.locator('.trace', { hasText: '… 2 more lines' }).waitFor();
  stage.write(frames(3));
  await page.locator('.trace', { hasText: '… 5 more lines' }).waitFor();
  stage.write(['INFO after']);
  await stage.row(page, 'INFO after').waitFor();
  assert.deepEqual(await shown(page), ['INFO before', 'ERROR failed … 5 more lines', 'INFO after']);
  stage.assertQuiet();
}

export async function traces_of_several_pods_are_kept_together(stage) {
  const at = Date.now() - 60_000;
  stage.write(['ERROR web failed', ...frames(20, 'web')], { at, step: 2 });
  stage.write(['ERROR cart failed', ...frames(20, 'cart')], { at: at + 1, step: 2, pod: 'cart-0' });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0&pod=shop/cart-0');
  await stage.row(page, 'ERROR cart failed').waitFor();
  assert.deepEqual(await shown(page), ['ERROR web failed … 20 more lines', 'ERROR cart failed … 20 more lines']);
  await page.locator('.trace').first().click();
  const opened = await page.locator('.row.unfolded .text').innerText();
  assert.deepEqual(opened.split('\n'), ['ERROR web failed', ...frames(20, 'web')]);
  stage.assertQuiet();
}

export async function a_trace_that_a_page_cuts_is_whole_when_history_is_read(stage) {
  const lines = Array.from({ length: 1800 }, (_, nth) => (nth % 30 === 0 ? `ERROR failed ${nth / 30}.` : frames(1)[0]));
  stage.write(lines, { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'ERROR failed 59.').waitFor();
  // By scrolling alone, so that pages are added before what is there.
  while ((await page.locator('.row.note.begin').count()) === 0) {
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -300);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const expected = Array.from({ length: 60 }, (_, nth) => `ERROR failed ${nth}.`);
  const texts = await stage.allTexts(page);
  assert.deepEqual(texts.slice(1), expected);
  assert.ok((await page.locator('.trace').allInnerTexts()).every((text) => text === '… 29 more lines'));
  // A search for the text of a folded line shows it.
  await page.goto(`${stage.gateway}/?pod=shop/web-0/app&find=step0`);
  await stage.row(page, 'ERROR failed 59.').waitFor();
  await page.keyboard.press('N');
  await page.locator('.row.current.unfolded', { hasText: 'step0(' }).waitFor();
  stage.assertQuiet();
}

export async function errors_come_with_their_exceptions(stage) {
  const exception = ['java.sql.SQLException: no info', ...frames(3), 'Caused by: java.net.SocketTimeoutException: x'];
  stage.write(['INFO before', 'ERROR Cannot read', ...exception, 'INFO after', 'java.io.IOException: by itself'], { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app&level=error');
  await stage.row(page, 'Cannot read').waitFor();
  await stage.status(page, 'live, caught up');
  assert.deepEqual(await shown(page), ['ERROR Cannot read … 5 more lines']);
  await page.locator('.trace').click();
  const opened = await page.locator('.row.unfolded .text').innerText();
  assert.deepEqual(opened.split('\n'), ['ERROR Cannot read', ...exception]);
  // Without folding no level is put before lines that have it from another.
  await page.keyboard.press('X');
  await stage.row(page, 'Caused by').waitFor();
  assert.deepEqual(await stage.texts(page), ['ERROR Cannot read', ...exception]);
  await page.goto(`${stage.gateway}/?pod=shop/web-0/app`);
  await stage.row(page, 'by itself').waitFor();
  assert.equal(await page.locator('.row', { hasText: 'by itself' }).locator('.text').innerText(), 'java.io.IOException: by itself');
  stage.assertQuiet();
}
