// Log-in, its end, and outages.
import assert from 'node:assert/strict';

export async function a_user_logs_in_picks_a_log_and_sees_it_grow(stage) {
  stage.write(['first line', 'second line']);
  stage.write(['other'], { namespace: 'payments', pod: 'ledger-0' });
  const context = await stage.visitor();
  const page = await stage.page(context);
  await stage.logIn(page, 'ada', 'not the password of ada');
  await page.getByText('wrong', { exact: false }).first().waitFor();
  await stage.logIn(page, 'ada');
  await page.locator('#picker-list [role=option]').nth(1).waitFor();
  await page.keyboard.type('web');
  await page.keyboard.press('Enter');
  await stage.row(page, 'second line').waitFor();
  await stage.status(page, 'live, caught up');
  assert.match(page.url(), /\?pod=shop\/web-0\/app$/);
  stage.write(['third line']);
  await stage.row(page, 'third line').waitFor();
  assert.deepEqual(await stage.texts(page), ['first line', 'second line', 'third line']);
  await page.goBack();
  await page.locator('#picker[open]').waitFor();
  await page.goForward();
  await stage.row(page, 'third line').waitFor();
  stage.assertQuiet();
}

export async function an_ended_session_is_said_and_log_in_comes_back_to_the_log(stage) {
  stage.write(['before']);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'before').waitFor();
  await stage.ask({ do: 'end sessions', user: 'ada' });
  await stage.status(page, 'Your session was ended');
  stage.write(['while away']);
  await page.locator('#remedy', { hasText: 'Log in again' }).click();
  await stage.logIn(page, 'ada');
  await stage.row(page, 'while away').waitFor();
  assert.deepEqual(await stage.texts(page), ['before', 'while away']);
  stage.assertQuiet();
}

export async function a_session_is_renewed_in_place(stage) {
  stage.write(['before']);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'before').waitFor();
  const url = page.url();
  const renewed = page.waitForResponse((response) => response.url().endsWith('/auth/refresh'));
  await page.click('#user');
  await page.click('#renew');
  assert.equal((await renewed).status(), 200);
  stage.write(['after']);
  await stage.row(page, 'after').waitFor();
  await stage.status(page, 'live, caught up');
  assert.equal(page.url(), url);
  assert.deepEqual(await stage.texts(page), ['before', 'after']);
  stage.assertQuiet();
}

export async function an_outage_of_the_authority_is_said_and_passes(stage) {
  stage.write(['before']);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'before').waitFor();
  await stage.ask({ do: 'stop the authority' });
  await page.reload();
  await stage.status(page, 'The log-in service does not answer.');
  await stage.ask({ do: 'start the authority' });
  await stage.row(page, 'before').waitFor();
  await stage.status(page, 'live, caught up');
  stage.assertQuiet();
}

export async function a_session_ended_on_the_account_page_is_said_in_the_viewer(stage) {
  stage.write(['before']);
  const viewer = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(viewer, 'before').waitFor();
  // The same user in another browser, on the account page.
  const other = await stage.pageOf('ada', '/');
  await other.goto(`${stage.sso}/account`);
  const rows = other.locator('tbody tr');
  assert.equal(await rows.count(), 2);
  await other.locator('button', { hasText: 'End all others' }).click();
  await other.getByRole('status').waitFor();
  assert.equal(await rows.count(), 1);
  await stage.status(viewer, 'Your session was ended');
  stage.assertQuiet();
}

export async function a_newcomer_registers_and_is_told_which_permission_is_missing(stage) {
  stage.write(['before']);
  const page = await stage.page(await stage.visitor(), '/?pod=shop/web-0/app');
  await page.waitForURL(/\/login/);
  await page.locator('a[href*="/register"]').click();
  await page.fill('input[name=username]', 'eve');
  await page.fill('input[name=password]', 'short');
  await page.click('button[type=submit]');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.inputValue('input[name=username]'), 'eve');
  await page.fill('input[name=password]', 'the password of eve');
  await page.click('button[type=submit]');
  await page.waitForURL((url) => url.href.startsWith(stage.gateway));
  await stage.status(page, 'You may not read this log. It needs the permission logs:read:shop/web-0.');
  stage.assertQuiet();
}

export async function a_log_in_comes_back_to_the_line_that_was_looked_at(stage) {
  stage.write(Array.from({ length: 3000 }, (_, nth) => `line ${nth}.`), { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'line 2999.').waitFor();
  for (let step = 0; step < 4; step += 1) await page.keyboard.press('Control+u');
  for (let step = 0; step < 7; step += 1) await page.keyboard.press('k');
  const looked = await page.locator('.row.current .text').innerText();
  await stage.ask({ do: 'end sessions', user: 'ada' });
  await page.locator('#remedy', { hasText: 'Log in again' }).click();
  await stage.logIn(page, 'ada');
  await page.locator('.row.current').waitFor();
  assert.equal(await page.locator('.row.current .text').innerText(), looked);
  stage.assertQuiet();
}

export async function a_log_in_in_another_tab_is_taken_over(stage) {
  stage.write(['before']);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'before').waitFor();
  const other = await stage.page(page.context(), '/?pod=shop/web-0');
  await stage.row(other, 'before').waitFor();
  await stage.ask({ do: 'end sessions', user: 'ada' });
  for (const each of [page, other]) await stage.status(each, 'Your session was ended');
  await other.locator('#remedy', { hasText: 'Log in again' }).click();
  await stage.logIn(other, 'ada');
  await stage.status(other, 'live, caught up');
  stage.write(['after']);
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await stage.row(page, 'after').waitFor();
  await stage.status(page, 'live, caught up');
  assert.deepEqual(await stage.texts(page), ['before', 'after']);
  stage.assertQuiet();
}
