// Measures the viewer in Chromium. Standard input is a JSON object: `gateway`, `token`, `path` of the
// page, `log` (the file that it shows), `chromium`, `loads`, `linesASecond` and `seconds`. Prints the
// figures as JSON.
import { appendFileSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const setting = JSON.parse(readFileSync(0, 'utf8'));
/** How often lines are written, in milliseconds. */
const PERIOD = 20;
/** How long a measurement settles before it counts, in milliseconds. */
const SETTLE = 3000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const share = (values, part) => [...values].sort((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * part))];

/** Lines of the container, written now. */
function lines(from, count) {
  const time = new Date().toISOString();
  return Array.from({ length: count }, (_, nth) => `${time} stdout F INFO GET /products/${from + nth} 200 in ${(from + nth) % 97} ms, user 4711, trace 00f067aa0ba902b7\n`).join('');
}

/** Writes lines at the rate until it is told to stop. */
function writer() {
  const begin = Date.now();
  let written = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - begin) * setting.linesASecond) / 1000);
    if (due > written) appendFileSync(setting.log, lines(written, due - written));
    written = due;
  }, PERIOD);
  return { count: () => written, stop: () => clearInterval(timer) };
}

/** Milliseconds from the begin of a navigation to the first line on the page, in several loads. */
async function firstLines(page) {
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.row.line')) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => (window.firstLine = performance.now())));
    }).observe(document, { childList: true, subtree: true });
  });
  const times = [];
  for (let nth = 0; nth <= setting.loads; nth += 1) {
    await page.goto(setting.gateway + setting.path);
    await page.waitForFunction(() => window.firstLine > 0);
    // The first one fills the cache of the browser.
    if (nth > 0) times.push(await page.evaluate(() => window.firstLine));
  }
  return times;
}

/** Notes frames and lag in the page from now on: until `window.stopNoting` gives what was noted. */
function note() {
  const noted = { intervals: [], work: [], lags: [] };
  let last = 0;
  let isOn = true;
  const { port1, port2 } = new MessageChannel();
  let begun = 0;
  // The message comes after the frame was drawn.
  port1.onmessage = () => noted.work.push(performance.now() - begun);
  const frame = (now) => {
    if (!isOn) return;
    if (last > 0) noted.intervals.push(now - last);
    last = now;
    begun = performance.now();
    port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const timer = setInterval(() => {
    const stamps = document.querySelectorAll('.row.line:not(.pinned) .stamp');
    const time = Date.parse(stamps[stamps.length - 1]?.title.split(',')[0]);
    noted.lags.push(Date.now() - time);
  }, 200);
  window.stopNoting = () => {
    isOn = false;
    clearInterval(timer);
    return noted;
  };
}

/** Bytes of the page: objects, what the browser keeps for them, and buffers. */
async function memoryOf(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

const browser = await chromium.launch({ executablePath: setting.chromium, args: ['--no-sandbox'] });
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  await context.addCookies([{ name: 'session_id', value: setting.token, url: setting.gateway }]);
  const page = await context.newPage();
  const first = await firstLines(page);
  await page.locator('#status', { hasText: 'live, caught up' }).waitFor();
  const write = writer();
  await sleep(SETTLE);
  await page.evaluate(note);
  await sleep(setting.seconds * 1000);
  const noted = await page.evaluate(() => window.stopNoting());
  write.stop();
  await page.locator('.row.line', { hasText: `/products/${write.count() - 1} ` }).waitFor();
  const shown = await page.evaluate(() => document.getElementById('facts').textContent);
  const tenth = Math.ceil(noted.lags.length / 10);
  console.log(JSON.stringify({
    firstLine: first,
    frameWork: share(noted.work, 0.95),
    frameInterval: share(noted.intervals, 0.95),
    lagAtFirst: share(noted.lags.slice(0, tenth), 0.5),
    lagAtLast: share(noted.lags.slice(-tenth), 0.5),
    written: write.count(),
    memory: await memoryOf(page),
    shown,
  }));
} finally {
  await browser.close();
}
