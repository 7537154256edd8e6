// Pictures of the viewer, for the documentation. `cargo xtask pictures` keeps them.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';

const MINUTE = 60_000;
const CHECKOUT = { pod: 'checkout-6c9d7f8b54-x2x7p', container: 'checkout' };
const CATALOG = { pod: 'catalog-7f5b9c6d48-qm4tz', container: 'catalog' };

/** A small linear congruential generator: the pictures are alike from run to run. */
function dice(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function checkoutLine(roll, nth) {
  const order = 40_000 + roll(50_000);
  if (roll(9) === 0) return { level: 'warn', msg: 'pool exhausted, waited', wait_ms: 200 + roll(900), pool: 'postgres' };
  if (nth > 300 && nth < 330 && roll(2) === 0) {
    return { level: 'error', msg: 'upstream timeout', status: 504, http: { method: 'POST', route: '/cart' }, order_id: order, attempt: 1 + roll(3) };
  }
  return { level: roll(5) === 0 ? 'debug' : 'info', msg: 'order placed', order_id: order, currency: 'EUR', amount_cents: 900 + roll(30_000), duration_ms: 4 + roll(90) };
}

function writeLogs(stage) {
  const roll = dice(7);
  const now = Date.now();
  const lines = Array.from({ length: 420 }, (_, nth) => JSON.stringify(checkoutLine(roll, nth)));
  stage.write(lines, { ...CHECKOUT, at: now - 30 * MINUTE, step: (30 * MINUTE) / 420 });
  const trace = ['\u001b[31mERROR\u001b[0m c.e.shop.ProductController : Cannot read product 1366', 'java.sql.SQLTransientConnectionException: Connection is not available', '\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:686)', '\tat com.example.shop.ProductRepository.find(ProductRepository.java:41)', 'Caused by: java.net.SocketTimeoutException: Read timed out'];
  const other = [trace[0].replace('1366', '207'), trace[1], ...Array.from({ length: 22 }, (_, nth) => `\tat com.example.shop.step${nth}(Step.java:${nth})`), trace[4]];
  const plain = Array.from({ length: 60 }, () => `\u001b[32mINFO\u001b[0m \u001b[36mc.e.shop.ProductController\u001b[0m : GET /products/${roll(2000)} 200 in ${roll(90)} ms`);
  const blocks = [[plain, 15_000], [trace, 1], [plain.slice(0, 3), 15_000], [other, 1], [plain.slice(3, 8), 15_000]];
  let at = now - 20 * MINUTE;
  for (const [lines, step] of blocks) {
    stage.write(lines, { ...CATALOG, at, step });
    at += lines.length * step + 15_000;
  }
}

export async function the_pictures_show_what_they_should(stage) {
  const folder = process.env.VIEWER_PICTURES || `${dirname(stage.logs)}/pictures`;
  mkdirSync(folder, { recursive: true });
  writeLogs(stage);
  const take = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });
  const page = await stage.pageOf('ada', `/?pod=shop/${CHECKOUT.pod}/checkout`, { viewport: { width: 1000, height: 390 } });
  await stage.row(page, 'order placed').waitFor();
  await page.waitForFunction(() => document.getElementById('density-from').textContent !== '');
  await page.keyboard.press('/');
  await page.keyboard.type('timeout');
  await page.keyboard.press('Enter');
  await stage.row(page, 'upstream timeout').waitFor();
  await page.keyboard.press('k');
  await page.keyboard.press('a');
  await page.locator('.row.current', { hasText: 'upstream timeout' }).waitFor();
  await stage.status(page, 'live, caught up');
  await take(page, 'viewer-light');
  await page.setViewportSize({ width: 1000, height: 430 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${stage.gateway}/?pod=shop/${CATALOG.pod}/catalog`);
  await page.locator('.trace', { hasText: '… 4 more lines' }).click();
  await stage.row(page, 'Caused by').waitFor();
  await page.mouse.move(500, 250);
  await page.mouse.wheel(0, 190);
  await page.locator('.trace', { hasText: '… 24 more lines' }).waitFor();
  await page.mouse.move(500, 420);
  await stage.status(page, 'live, caught up');
  await page.waitForFunction(() => document.getElementById('density-from').textContent !== '');
  await take(page, 'viewer-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${stage.gateway}/?pod=shop/${CHECKOUT.pod}/checkout&level=error&cols=http.route`);
  await stage.row(page, 'upstream timeout').waitFor();
  await page.waitForFunction(() => document.getElementById('density-from').textContent !== '');
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  await page.locator('.field', { hasText: 'attempt' }).waitFor();
  await take(page, 'viewer-json');
  await takeGap(stage, page, take);
  await takeAuthority(stage, take);
  const phone = await stage.pageOf('ada', `/?pod=shop/${CATALOG.pod}/catalog`, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await phone.locator('.trace').first().waitFor();
  await stage.status(phone, 'live, caught up');
  await take(phone, 'viewer-phone');
  for (const picture of readdirSync(folder)) assert.ok(statSync(`${folder}/${picture}`).size < 150 * 1024, picture);
  stage.assertQuiet();
}

/** The account and the page for administrators, with a few users. */
async function takeAuthority(stage, take) {
  const page = await (await stage.visitor({ viewport: { width: 1000, height: 620 } })).newPage();
  await page.goto(`${stage.sso}/login`);
  await page.fill('input[name=username]', 'root');
  await page.fill('input[name=password]', stage.passwords.root);
  await page.click('button[type=submit]');
  await page.waitForURL(/\/account/);
  await take(page, 'account');
  for (const [name, roles] of [['carol', 'reader'], ['dave', 'user'], ['erin', 'reader, user']]) {
    await page.goto(`${stage.sso}/admin`);
    await page.fill('#username', name);
    await page.fill('#email', `${name}@example.org`);
    await page.fill('#roles', roles);
    await page.fill('#password', 'correct horse battery');
    await page.getByRole('button', { name: 'Create the user' }).click();
    await page.getByText('The user is created').waitFor();
  }
  await page.goto(`${stage.sso}/admin`);
  await take(page, 'admin');
}

/** Lines are deleted while the gateway is away. */
async function takeGap(stage, page, take) {
  const log = { pod: 'ledger-0', container: 'ledger' };
  const lines = (from, to) => Array.from({ length: to - from }, (_, nth) => `INFO transfer ${from + nth} booked in ${4 + ((from + nth) % 23)} ms`);
  stage.write(lines(0, 40), { ...log, at: Date.now() - 10_000, step: 200 });
  await page.goto(`${stage.gateway}/?pod=shop/ledger-0/ledger`);
  await stage.row(page, 'transfer 39 ').waitFor();
  await stage.status(page, 'live, caught up');
  await stage.ask({ do: 'stop the gateway' });
  await stage.status(page, 'Reconnecting');
  stage.write(lines(40, 120), log);
  rmSync(stage.logFile(log));
  stage.write(lines(120, 126), { ...log, at: Date.now() + 500 });
  await stage.ask({ do: 'start the gateway' });
  await page.locator('.row.gap').waitFor();
  await stage.row(page, 'transfer 125 ').waitFor();
  await stage.status(page, 'live, caught up');
  await take(page, 'viewer-gap');
}
