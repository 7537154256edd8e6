// Lines: history, breaks, tabs, pauses, several containers.
import assert from 'node:assert/strict';

const numbered = (from, to) => Array.from({ length: to - from }, (_, nth) => `line ${from + nth}`);

export async function history_goes_up_through_rotated_files_and_earlier_runs(stage) {
  const begin = Date.parse('2026-11-01T10:00:00Z');
  stage.write(numbered(0, 900), { at: begin });
  stage.rotate();
  stage.write(numbered(900, 1400), { at: begin + 900 });
  stage.write(numbered(1400, 2000), { at: begin + 60_000, run: 1 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'line 1999').waitFor();
  // By scrolling alone, without a jump.
  while ((await page.locator('.row.note.begin').count()) === 0) {
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -4000);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const texts = (await stage.allTexts(page)).filter((text) => text.startsWith('line '));
  assert.deepEqual(texts, numbered(0, 2000));
  await page.keyboard.press('G');
  await page.keyboard.press('[');
  await page.locator('.row.note.run', { hasText: 'Restart 1' }).waitFor();
  await stage.row(page, 'line 1399').waitFor();
  stage.assertQuiet();
}

export async function a_restart_of_the_gateway_loses_and_repeats_no_line(stage) {
  stage.write(numbered(0, 10));
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'line 9').waitFor();
  await stage.status(page, 'live, caught up');
  await stage.ask({ do: 'stop the gateway' });
  await stage.status(page, 'Reconnecting');
  stage.write(numbered(10, 20));
  stage.rotate();
  stage.write(numbered(20, 30));
  await stage.ask({ do: 'start the gateway' });
  await stage.row(page, 'line 29').waitFor();
  stage.write(numbered(30, 40));
  await stage.row(page, 'line 39').waitFor();
  await stage.status(page, 'live, caught up');
  const texts = (await stage.allTexts(page)).filter((text) => text.startsWith('line '));
  assert.deepEqual(texts, numbered(0, 40));
  stage.assertQuiet();
}

export async function seven_tabs_read_a_log_once(stage) {
  stage.write(['before']);
  const first = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(first, 'before').waitFor();
  const pages = [first];
  for (let tab = 0; tab < 6; tab += 1) pages.push(await stage.page(first.context(), '/?pod=shop/web-0/app'));
  for (const page of pages) await stage.row(page, 'before').waitFor();
  stage.write(['to all tabs']);
  for (const page of pages) await stage.row(page, 'to all tabs').waitFor();
  const metrics = await (await fetch(`${stage.operations}/metrics`)).text();
  const open = [...metrics.matchAll(/^logs_streams_open(?:\{[^}]*\})? (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  assert.equal(open, 1, metrics.split('\n').filter((line) => line.includes('streams')).join('\n'));
  stage.assertQuiet();
}

export async function without_a_shared_worker_streams_run_in_the_page(stage) {
  stage.write(['before']);
  const page = await stage.pageOf('ada', '/');
  await page.locator('#picker-list [role=option]').first().waitFor();
  const lacks = [
    'delete window.SharedWorker',
    'window.SharedWorker = class { constructor() { throw new Error("refused"); } }',
    'window.SharedWorker = class extends EventTarget { port = new MessageChannel().port1; constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("error")), 100); } }',
  ];
  for (const lack of lacks) {
    const own = await page.context().newPage();
    await own.addInitScript(lack);
    await own.goto(`${stage.gateway}/?pod=shop/web-0/app`);
    await stage.row(own, 'before').waitFor();
    const nth = lacks.indexOf(lack);
    stage.write([`after ${nth}`]);
    await stage.row(own, `after ${nth}`).waitFor();
    await stage.status(own, 'live, caught up');
    // Tabs that share nothing use up the connections of the browser.
    await own.close();
  }
  stage.assertQuiet();
}

export async function a_paused_log_holds_its_lines(stage) {
  stage.write(['before']);
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'before').waitFor();
  await stage.status(page, 'live, caught up');
  await page.keyboard.press('p');
  stage.write(['held']);
  await stage.status(page, 'paused, 1 new line waits');
  assert.deepEqual(await stage.texts(page), ['before']);
  await page.keyboard.press('p');
  await stage.row(page, 'held').waitFor();
  stage.assertQuiet();
}

export async function all_containers_of_a_pod_are_merged(stage) {
  const at = Date.now() - 10_000;
  stage.write(['app one', 'app two'], { at, step: 1000 });
  stage.write(['proxy one'], { at: at + 500, container: 'proxy' });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0');
  await stage.row(page, 'app two').waitFor();
  assert.deepEqual(await stage.texts(page), ['app one', 'proxy one', 'app two']);
  assert.deepEqual(await page.locator('.name').allInnerTexts(), ['app', 'proxy', 'app']);
  stage.write(['proxy two'], { container: 'proxy' });
  await stage.row(page, 'proxy two').waitFor();
  stage.assertQuiet();
}

export async function the_first_line_is_soon_there_and_ten_thousand_a_second_are_followed(stage) {
  stage.write(numbered(0, 2000), { at: Date.now() - 60_000 });
  const page = await stage.pageOf('ada', '/?pod=shop/web-0/app');
  await stage.row(page, 'line 1999').waitFor();
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.row.line')) return;
      window.firstLine = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  const first = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await page.reload();
    await stage.row(page, 'line 1999').waitFor();
    first.push(Math.round(await page.evaluate(() => window.firstLine)));
  }
  await stage.status(page, 'live, caught up');
  const lags = [];
  let next = 2000;
  const begin = Date.now();
  for (let second = 0; second < 4; second += 1) {
    for (let part = 0; part < 10; part += 1) {
      stage.write(numbered(next, next + 1000).map((line) => `${line} INFO GET /products/4711 200 in 50 ms, trace 00f067aa0ba902b7`));
      next += 1000;
      const due = begin + second * 1000 + (part + 1) * 100;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
    }
    const wrote = Date.now();
    await stage.row(page, `line ${next - 1} `).waitFor();
    lags.push(Date.now() - wrote);
  }
  console.log(JSON.stringify({ firstLineMs: first, lagMs: lags, seconds: (Date.now() - begin) / 1000 }));
  const texts = await page.locator('#facts').innerText();
  assert.match(texts, /4\d,\d{3} lines loaded/);
  stage.assertQuiet();
}
