// Opens a page on which a user lets kubectl-sso have a session: logs in, goes on, agrees. Prints the
// words of the last page, and complaints of the browser, as JSON.
import { chromium } from 'playwright-core';

const [program, url, user, password] = process.argv.slice(-4);
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
const page = await browser.newPage();
const complaints = [];
page.on('console', (message) => {
  // Browsers ask each host for an icon.
  const isIcon = message.location().url.endsWith('/favicon.ico');
  if (['error', 'warning'].includes(message.type()) && !isIcon) complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(String(error)));

await page.goto(url);
await page.getByLabel('User name').fill(user);
await page.getByLabel('Password').fill(password);
await page.getByRole('button', { name: 'Log in' }).click();
// The page of a device asks for its code first, which the address has filled in.
const go = page.getByRole('button', { name: /^(Continue|Go on)$/ });
await go.click();
if (page.url().endsWith('/device')) await page.getByRole('button', { name: 'Log in' }).click();
await page.getByText(/You are logged in\.|Device connected/).first().waitFor();
const last = await page.locator('body').innerText();
await browser.close();
console.log(JSON.stringify({ last, complaints }));
