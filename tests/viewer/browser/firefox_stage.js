// What the cases in Firefox need, which is driven by other means than Chromium.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Stage } from './stage.js';

/** How long a case waits for what it expects, and between two looks, in milliseconds. */
const PATIENCE = 20_000;
const BETWEEN = 20;

export class FirefoxStage extends Stage {
  /** A page of a user who logs in on the way to it. */
  async pageOf(user, path = '/', viewport = { width: 1280, height: 720 }) {
    const page = await (await this.browser.createBrowserContext()).newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport(viewport);
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => this.noteRequest(new URL(request.url())));
    await page.goto(this.gateway + path);
    await this.logIn(page, user);
    return page;
  }

  async logIn(page, user) {
    await this.matches(page, 'input[name=username]');
    await page.type('input[name=username]', user);
    await page.type('input[name=password]', this.passwords[user]);
    await page.click('button[type=submit]');
    await this.until(page, (gateway) => location.href.startsWith(gateway), this.gateway);
  }

  /** Waits until a test in the page is true. Waits of the driver are code from text, which the policy of the page forbids. */
  async until(page, test, ...values) {
    for (const end = Date.now() + PATIENCE; ; ) {
      // A page that is just being left cannot be asked.
      if (await page.evaluate(test, ...values).catch(() => false)) return;
      assert.ok(Date.now() < end, `not seen: ${values.join(' ') || test}`);
      await pause(BETWEEN);
    }
  }

  /** Waits until there is such an element. */
  matches(page, selector) {
    return this.until(page, (chosen) => document.querySelector(chosen) !== null, selector);
  }

  /** Waits until an element that the selector names has a text. */
  has(page, selector, text) {
    return this.until(page, (chosen, words) => [...document.querySelectorAll(chosen)].some((node) => node.textContent.includes(words)), selector, text);
  }

  row(page, text) {
    return this.has(page, '.row', text);
  }

  status(page, text) {
    return this.has(page, '#status', text);
  }

  /** The texts of what a selector names. */
  textsOf(page, selector) {
    return page.$$eval(selector, (nodes) => nodes.map((node) => node.textContent));
  }

  async press(page, ...keys) {
    for (const key of keys) await page.keyboard.press(key);
  }
}
