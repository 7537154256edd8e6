// Several pods in one view.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Removes a pod from the node. */
function remove(stage, pod) {
  rmSync(dirname(dirname(stage.logFile({ pod }))), { recursive: true });
}

export async function pods_are_merged_by_time_and_come_and_go(stage) {
  const at = Date.now() - 10_000;
  stage.write(['web one', 'web two'], { at, step: 1000 });
  stage.write(['cart one'], { at: at + 500, pod: 'cart-0' });
  stage.write(['not to be seen'], { at, namespace: 'payments' });
  const page = await stage.pageOf('ada', '/?pod=shop/*');
  await stage.row(page, 'web two').waitFor();
  assert.deepEqual(await stage.texts(page), ['web one', 'cart one', 'web two']);
  const names = await page.locator('.name').allInnerTexts();
  assert.match(names.join(), /web-0.*cart-0.*web-0/);
  await page.locator('#facts', { hasText: '2 logs' }).waitFor();
  stage.write(['a new pod'], { pod: 'search-0' });
  await stage.row(page, 'a new pod').waitFor();
  await page.locator('.row.note', { hasText: 'joined' }).first().waitFor();
  remove(stage, 'cart-0');
  await page.locator('.row.note', { hasText: 'is gone' }).first().waitFor();
  stage.write(['web three']);
  await stage.row(page, 'web three').waitFor();
  stage.assertQuiet();
}

export async function a_restart_of_the_gateway_loses_and_repeats_no_line_of_any_pod(stage) {
  const pods = ['web-0', 'cart-0', 'search-0'];
  let count = 0;
  const write = (lines) => {
    for (let nth = 0; nth < lines; nth += 1) {
      for (const pod of pods) stage.write([`${pod} line ${count}`], { pod });
      count += 1;
    }
  };
  write(20);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0&pod=shop/cart-0&pod=shop/search-0');
  await stage.row(page, 'search-0 line 19').waitFor();
  await stage.status(page, 'live, caught up');
  await stage.ask({ do: 'stop the gateway' });
  await stage.status(page, 'Reconnecting');
  write(20);
  await stage.ask({ do: 'start the gateway' });
  write(20);
  await stage.row(page, 'search-0 line 59').waitFor();
  await stage.status(page, 'live, caught up');
  const texts = await stage.allTexts(page);
  for (const pod of pods) {
    const lines = texts.filter((text) => text.startsWith(`${pod} line`));
    assert.deepEqual(lines, Array.from({ length: 60 }, (_, nth) => `${pod} line ${nth}`));
  }
  stage.assertQuiet();
}

export async function pods_are_added_in_the_picker(stage) {
  stage.write(['of the web'], { at: Date.now() - 1000 });
  stage.write(['of the cart'], { pod: 'cart-0' });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'of the web').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('cart');
  await page.locator('#picker-list [role=option]').first().waitFor();
  await page.keyboard.press('Control+Enter');
  await page.locator('#picker-open', { hasText: 'Open 2 logs together' }).waitFor();
  await page.keyboard.press('Enter');
  await stage.row(page, 'of the cart').waitFor();
  assert.deepEqual(await stage.texts(page), ['of the web', 'of the cart']);
  stage.assertQuiet();
}

export async function all_pods_that_fit_are_opened_together(stage) {
  for (const nth of [0, 1, 2]) stage.write([`of pod ${nth}`], { pod: `web-${nth}`, at: Date.now() - 1000 + nth });
  stage.write(['of the cart'], { pod: 'cart-0' });
  const page = await stage.pageOf('ada', '/');
  await page.locator('#picker-list [role=option]', { hasText: 'cart-0' }).waitFor();
  await page.keyboard.type('web');
  await page.locator('#picker-all', { hasText: 'Open all 3 together' }).click();
  await stage.row(page, 'of pod 2').waitFor();
  assert.deepEqual(await stage.texts(page), [0, 1, 2].map((nth) => `of pod ${nth}`));
  stage.assertQuiet();
}

export async function a_pattern_takes_in_pods_that_start_later_and_shows_earlier_runs(stage) {
  const at = Date.now() - 60_000;
  stage.write(['the end of a run'], { at });
  stage.write(['the begin of the next'], { at: at + 1000, run: 1 });
  stage.write(['of the cart'], { pod: 'cart-0', at: at + 2000 });
  const page = await stage.pageOf('ada', '/');
  await page.locator('#picker-list [role=option]', { hasText: 'cart-0' }).waitFor();
  await page.keyboard.type('shop/*-0');
  await page.locator('#picker-list [role=option]', { hasText: 'those that start later' }).waitFor();
  await page.keyboard.press('Enter');
  await stage.row(page, 'of the cart').waitFor();
  await stage.status(page, 'live, caught up');
  stage.write(['a new pod'], { pod: 'search-0' });
  await stage.row(page, 'a new pod').waitFor();
  const texts = (await stage.texts(page)).filter((text) => text !== '');
  assert.deepEqual(texts, ['the end of a run', 'the begin of the next', 'of the cart', 'a new pod']);
  stage.assertQuiet();
}

export async function the_choice_stays_while_other_pods_write(stage) {
  const at = Date.now() - 60_000;
  for (const nth of [0, 1, 2]) stage.write([`of pod ${nth}`], { pod: `web-${nth}`, at: at + nth });
  const page = await stage.pageOf('ada', '/');
  await page.locator('#picker-list [role=option]').nth(2).waitFor();
  await page.keyboard.press('ArrowDown');
  const chosen = await page.locator('#picker-list [aria-selected=true] .choice-name').innerText();
  stage.write(['of another pod'], { pod: 'cart-0' });
  await page.locator('#picker-list [role=option]', { hasText: 'cart-0' }).waitFor();
  assert.equal(await page.locator('#picker-list [aria-selected=true] .choice-name').innerText(), chosen);
  stage.assertQuiet();
}
