// Runs one case in Firefox. The argument is a JSON object: addresses, users, the script, the case.
import puppeteer from 'puppeteer-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const setting = JSON.parse(process.argv.at(-1));
const load = (file) => import(pathToFileURL(`${setting.folder}/${file}.js`).href);
const { FirefoxStage } = await load('firefox_stage');
const cases = await load(setting.file);
// As root, Firefox does not start in a home that belongs to another user.
const home = await mkdtemp(join(tmpdir(), 'viewer-firefox-'));
try {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: setting.browser,
    env: { ...process.env, HOME: home },
    // The clipboard is read without a question.
    extraPrefsFirefox: { 'dom.events.testing.asyncClipboard': true },
  });
  try {
    await cases[setting.case](new FirefoxStage(browser, setting));
  } finally {
    await browser.close();
  }
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  process.stdin.destroy();
}
