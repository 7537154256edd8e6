// Runs one case in Firefox. The argument is a JSON object: addresses, users, the script, the case.
import puppeteer from 'puppeteer-core';
import { pathToFileURL } from 'node:url';

const setting = JSON.parse(process.argv.at(-1));
const load = (file) => import(pathToFileURL(`${setting.folder}/${file}.js`).href);
const { FirefoxStage } = await load('firefox_stage');
const cases = await load(setting.file);
const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: setting.browser,
  // The clipboard is read without a question.
  extraPrefsFirefox: { 'dom.events.testing.asyncClipboard': true },
});
try {
  await cases[setting.case](new FirefoxStage(browser, setting));
} finally {
  await browser.close();
  process.stdin.destroy();
}
