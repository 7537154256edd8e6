/** The shared worker: it holds the streams of all tabs. */

import { Hub } from './hub.js';

const hub = new Hub();
self.addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  hub.connect(port);
});
