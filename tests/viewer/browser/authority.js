// The pages of the authority, which have no scripts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const SECTIONS = ['users', 'user&name=ada', 'roles', 'grants', 'keys', 'clients', 'sessions', 'sessions&name=ada', 'sessions&name=nobody', 'audit'];

async function open(stage, user, options = {}) {
  const page = await (await stage.visitor(options)).newPage();
  if (user) {
    await page.goto(`${stage.sso}/login`);
    await page.fill('input[name=username]', user);
    await page.fill('input[name=password]', stage.passwords[user]);
    await page.click('button[type=submit]');
    await page.waitForURL(/\/account/);
  }
  return page;
}

async function faults(stage, page, what) {
  await page.evaluate(readFileSync(stage.axe, 'utf8'));
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'passes'] }));
  assert.ok(passes.length > 10, `${passes.length} rules were checked`);
  const short = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
  assert.deepEqual(short, [], what);
}

export async function the_pages_of_the_authority_are_accessible(stage) {
  for (const colorScheme of ['light', 'dark']) {
    const stranger = await open(stage, null, { bypassCSP: true, colorScheme });
    for (const path of ['/login', '/reset', '/reset?token=unknown', '/reset?done=set', '/nothing']) {
      await stranger.goto(stage.sso + path);
      await faults(stage, stranger, `${path}, ${colorScheme}`);
    }
    const admin = await open(stage, 'root', { bypassCSP: true, colorScheme });
    await faults(stage, admin, `/account, ${colorScheme}`);
    for (const section of SECTIONS) {
      await admin.goto(`${stage.sso}/admin?section=${section}`);
      await faults(stage, admin, `${section}, ${colorScheme}`);
    }
    await admin.goto(`${stage.sso}/admin`);
    await admin.fill('#username', 'a b');
    await admin.fill('#password', 'short');
    await admin.getByRole('button', { name: 'Create the user' }).click();
    await admin.getByRole('alert').waitFor();
    await faults(stage, admin, `faults, ${colorScheme}`);
  }
  const phone = await open(stage, 'root', { viewport: { width: 390, height: 844 }, isMobile: true });
  for (const section of SECTIONS) {
    await phone.goto(`${stage.sso}/admin?section=${section}`);
    const [scroll, client] = await phone.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(scroll <= client, `${section} scrolls sideways: ${scroll} > ${client}`);
  }
}

export async function an_administrator_uses_the_page(stage) {
  const page = await open(stage, 'root');
  await page.getByRole('link', { name: 'Administration' }).click();
  await page.fill('#username', 'carol');
  await page.fill('#roles', 'reader');
  await page.fill('#password', 'correct horse battery');
  await page.getByRole('button', { name: 'Create the user' }).click();
  await page.getByText('The user is created').waitFor();
  await page.getByRole('link', { name: 'carol' }).click();
  await page.getByRole('button', { name: 'Make a link to a new password' }).click();
  const link = await page.locator('code').first().textContent();
  const carol = await open(stage, null);
  await carol.goto(link);
  await carol.fill('#new_password', 'another horse battery');
  await carol.getByRole('button', { name: 'Set the password' }).click();
  await carol.getByText('Your password is set').waitFor();
  await carol.getByRole('link', { name: 'Log in' }).click();
  await carol.fill('#username', 'carol');
  await carol.fill('#password', 'another horse battery');
  await carol.getByRole('button', { name: 'Log in' }).click();
  await carol.waitForURL(/\/account/);
  await page.goto(`${stage.sso}/admin`);
  await page.getByRole('link', { name: 'Sessions' }).click();
  await page.getByLabel('User').fill('carol');
  await page.getByRole('button', { name: 'Show the sessions' }).click();
  await page.getByRole('row', { name: /Chrom/ }).waitFor();
  await page.getByRole('button', { name: 'End all sessions' }).click();
  await page.getByText('All sessions of the user have ended').waitFor();
  await carol.reload();
  await carol.waitForURL(/\/login/);
  await page.goto(`${stage.sso}/admin?section=grants`);
  await page.fill('#username', 'carol');
  await page.fill('#permission', 'logs:read:bank/*');
  await page.fill('#expires_at', '2099-01-15T08:00');
  await page.fill('#reason', 'incident 7');
  await page.getByRole('button', { name: 'Grant', exact: true }).click();
  await page.getByText('2099-01-15T08:00:00Z').waitFor();
}
