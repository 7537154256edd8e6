// Logs in on the page that documents the gateway, and sends a request for a log from there. Prints
// the status and the body of the answer as the page shows them, then complaints of the browser, and
// the origins that were called, as a line of JSON each.
import { chromium } from 'playwright-core';

const [program, gateway, user, password, namespace, pod] = process.argv.slice(-6);
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
const page = await browser.newPage();
const complaints = [];
const origins = new Set();
page.on('console', (message) => {
  if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('request', (request) => origins.add(new URL(request.url()).origin));

await page.goto(`${gateway}/docs`);
await page.locator('.scheme-container button.authorize').click();
const form = page.locator('.auth-container', { hasText: 'OAuth2, password' });
await form.locator('#oauth_username').fill(user);
await form.locator('#oauth_password').fill(password);
await form.locator('button.authorize').click();
await form.getByText('Logout').waitFor();
await form.locator('.btn-done').click();

const operation = page.locator('#operations-logs-read_log');
await operation.locator('.opblock-summary').click();
await operation.locator('button.try-out__btn').click();
await operation.locator('tr[data-param-name="pod"] input').fill(pod);
await operation.locator('tr[data-param-name="namespace"] input').fill(namespace);
await operation.locator('tr[data-param-name="tailLines"] input').fill('3');
await operation.locator('button.execute').click();
const answer = operation.locator('.live-responses-table tbody tr').first();
await answer.waitFor();
const status = await answer.locator('.response-col_status').innerText();
const body = await answer.locator('.highlight-code code').innerText();
await browser.close();
for (const line of [{ status: status.trim(), body }, complaints, [...origins]]) {
  console.log(JSON.stringify(line));
}
