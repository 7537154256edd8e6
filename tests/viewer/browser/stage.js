// What all cases need: pages, users, logs on the disk, and wishes that the test fulfils.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import { createInterface } from 'node:readline';

const UID = '5f0c2d1e-0000-4000-8000-000000000001';

export class Stage {
  constructor(browser, setting) {
    Object.assign(this, setting);
    this.browser = browser;
    this.passwords = Object.fromEntries(setting.passwords);
    this.answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    // Everything that a browser complains about, but for answers that a case expects.
    this.complaints = [];
    this.origins = new Set();
  }

  /** Asks the test to do something with the services. */
  async ask(wish) {
    console.log(`ask ${JSON.stringify(wish)}`);
    await this.answers.next();
  }

  /** A browser of its own, with its cookies. */
  async visitor(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 720 }, timezoneId: 'UTC', ...options });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: this.gateway });
    context.setDefaultTimeout(20_000);
    return context;
  }

  async page(context, path = '/') {
    const page = await context.newPage();
    page.on('console', (message) => {
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (['error', 'warning'].includes(message.type()) && !isAnswer) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => this.noteRequest(new URL(request.url())));
    await page.goto(this.gateway + path);
    return page;
  }

  /** A page of a user who logs in on the way to it. */
  async pageOf(user, path = '/', options = {}) {
    const context = await this.visitor(options);
    const page = await this.page(context, path);
    await this.logIn(page, user);
    return page;
  }

  async logIn(page, user, password = this.passwords[user]) {
    await page.waitForURL(/\/login/);
    await page.fill('input[name=username]', user);
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit]');
    if (password === this.passwords[user]) await page.waitForURL((url) => url.href.startsWith(this.gateway));
  }

  /** The log file of a run of a container; `node` is the directory of the logs of a node. */
  logFile({ node = this.logs, namespace = 'shop', pod = 'web-0', container = 'app', run = 0, name = `${run}.log` } = {}) {
    const folder = `${node}/${namespace}_${pod}_${UID}/${container}`;
    mkdirSync(folder, { recursive: true });
    return `${folder}/${name}`;
  }

  /** Appends lines, a second apart from a time on. */
  write(lines, { at = Date.now(), step = 1, stream = 'stdout', ...file } = {}) {
    const entries = lines.map((line, nth) => {
      const time = new Date(at + nth * step).toISOString().replace('Z', `${String(nth % 1000).padStart(3, '0')}000Z`);
      return Buffer.concat([Buffer.from(`${time} ${stream} F `), Buffer.from(line), Buffer.from('\n')]);
    });
    appendFileSync(this.logFile(file), Buffer.concat(entries));
  }

  /** Rotates the current file of a container, as a kubelet does. */
  rotate(file = {}) {
    renameSync(this.logFile(file), this.logFile({ ...file, name: `0.log.20261101-1000${String(Math.floor(Math.random() * 60)).padStart(2, '0')}` }));
    this.write([], file);
  }

  async status(page, text) {
    await page.locator('#status', { hasText: text }).waitFor();
  }

  /** A row on the page with this text. */
  row(page, text) {
    return page.locator('.row', { hasText: text }).first();
  }

  /** The texts of all rows on the page, in order. */
  texts(page) {
    return page.locator('.row:not(.pinned) .text').allInnerTexts();
  }

  /** All texts that the page has loaded, read by scrolling through the list from its begin. */
  async allTexts(page) {
    const seen = new Map();
    await page.keyboard.press('g');
    await page.locator('.row.note.begin').waitFor();
    for (let turn = 0; turn < 400; turn += 1) {
      const rows = await page.evaluate(() =>
        [...document.querySelectorAll('.row')].map((row) => [Number(row.dataset.key), row.querySelector('.text, .note-text')?.textContent ?? '']),
      );
      const before = seen.size;
      rows.forEach(([key, text]) => seen.set(key, text));
      const isAtEnd = await page.evaluate(() => {
        const list = document.getElementById('list');
        // Lines that are being read come below.
        return !document.querySelector('#dot.busy') && list.scrollTop + list.clientHeight >= list.scrollHeight - 2;
      });
      if (isAtEnd && seen.size === before) break;
      await page.keyboard.press('PageDown');
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    }
    return [...seen].sort(([one], [other]) => one - other).map(([, text]) => text);
  }

  /** Keeps which host is called. The data of an inline picture is a request in Firefox, but calls none. */
  noteRequest(url) {
    if (url.protocol !== 'data:') this.origins.add(url.origin);
  }

  /** Nothing was complained about, and no other host was called. */
  assertQuiet() {
    assert.deepEqual(this.complaints, []);
    for (const origin of this.origins) assert.ok([this.gateway, this.sso].includes(origin), origin);
  }
}
