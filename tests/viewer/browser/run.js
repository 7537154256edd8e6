// Runs one case in Chromium. The argument is a JSON object: addresses, users, the script, the case.
import { chromium } from 'playwright-core';
import { pathToFileURL } from 'node:url';

const setting = JSON.parse(process.argv.at(-1));
const load = (file) => import(pathToFileURL(`${setting.folder}/${file}.js`).href);
const { Stage } = await load('stage');
const cases = await load(setting.file);
const browser = await chromium.launch({ executablePath: setting.browser, args: ['--no-sandbox'] });
try {
  await cases[setting.case](new Stage(browser, setting));
} finally {
  await browser.close();
  process.stdin.destroy();
}
