// Three nodes behind a front, of which one dies and returns.
import assert from 'node:assert/strict';

/** A pod on each node that has written a line. */
function writeLines(stage) {
  stage.nodes.forEach((node, nth) => stage.write([`INFO first line of pod ${nth}`], { node, pod: `web-${nth}`, at: Date.now() - 5000 + nth }));
}

async function openAll(stage, path) {
  const page = await stage.pageOf('ada', '/');
  for (const nth of stage.nodes.keys()) await page.locator('#picker-list [role=option]', { hasText: `web-${nth}` }).waitFor();
  await page.goto(stage.gateway + path);
  return page;
}

export async function a_node_that_dies_and_returns_is_said(stage) {
  writeLines(stage);
  const page = await openAll(stage, '/?pod=shop/*');
  await stage.status(page, 'live, caught up');
  for (const nth of stage.nodes.keys()) await stage.row(page, `first line of pod ${nth}`).waitFor();
  await stage.ask({ do: 'kill a node', node: 2 });
  await stage.status(page, 'live, but node node-4 cannot be reached');
  await page.locator('.row.note.lost', { hasText: 'Node node-4 cannot be reached' }).waitFor();
  // The others go on, and what the dead one writes comes later.
  stage.write(['INFO of a living node'], { node: stage.nodes[0], pod: 'web-0' });
  await stage.row(page, 'of a living node').waitFor();
  stage.write(['INFO of the dead node'], { node: stage.nodes[2], pod: 'web-2' });
  await stage.ask({ do: 'start a node', node: 2 });
  await stage.row(page, 'of the dead node').waitFor();
  await page.locator('.row.note', { hasText: 'Node node-4 can be read again' }).waitFor();
  await stage.status(page, 'live, caught up');
  const texts = (await stage.texts(page)).filter((text) => text.startsWith('INFO'));
  assert.deepEqual(texts.sort(), [0, 1, 2].map((nth) => `INFO first line of pod ${nth}`).concat('INFO of a living node', 'INFO of the dead node').sort());
  stage.assertQuiet();
}

export async function a_node_that_returns_without_a_line_is_said(stage) {
  writeLines(stage);
  const page = await openAll(stage, '/?pod=shop/*');
  await stage.status(page, 'live, caught up');
  await stage.ask({ do: 'kill a node', node: 1 });
  await stage.status(page, 'live, but node node-3 cannot be reached');
  await stage.ask({ do: 'start a node', node: 1 });
  await page.locator('.row.note', { hasText: 'Node node-3 can be read again' }).waitFor();
  await stage.status(page, 'live, caught up');
  stage.assertQuiet();
}

export async function history_without_a_lost_node_says_what_is_missing(stage) {
  const lines = (nth) => Array.from({ length: 800 }, (_, at) => `INFO ${at} of pod ${nth}`);
  stage.nodes.forEach((node, nth) => stage.write(lines(nth), { node, pod: `web-${nth}`, at: Date.now() - 60_000 }));
  const page = await openAll(stage, '/');
  await stage.ask({ do: 'kill a node', node: 2 });
  await page.goto(`${stage.gateway}/?pod=shop/*`);
  await stage.status(page, 'live, but node node-4 cannot be reached');
  let asked = 0;
  page.on('request', (request) => (asked += request.url().includes('/logs?') ? 1 : 0));
  const texts = await stage.allTexts(page);
  assert.equal(texts.filter((text) => text.startsWith('INFO')).length, 1600);
  assert.ok(texts.some((text) => text.startsWith('Lines of node node-4 are missing here')), texts.filter((text) => !text.startsWith('INFO')).join());
  // The begin of the log ends the reading, although a node is missing.
  assert.ok(asked < 30, `${asked} requests`);
  stage.assertQuiet();
}

export async function a_pod_of_a_dead_node_is_read_on_when_it_returns(stage) {
  writeLines(stage);
  const page = await openAll(stage, '/?pod=shop/web-1/app');
  await stage.status(page, 'live, caught up');
  await page.locator('.row.note.begin').waitFor();
  await stage.ask({ do: 'kill a node', node: 1 });
  await stage.status(page, 'Reconnecting');
  stage.write(['INFO meanwhile'], { node: stage.nodes[1], pod: 'web-1' });
  await stage.ask({ do: 'start a node', node: 1 });
  await stage.row(page, 'meanwhile').waitFor();
  await stage.status(page, 'live, caught up');
  assert.deepEqual((await stage.texts(page)).filter((text) => text.startsWith('INFO')), ['INFO first line of pod 1', 'INFO meanwhile']);
  stage.assertQuiet();
}
