/** A tab's way to the streams of this browser. */

import { Hub } from './hub.js';

/** @import { HubAnswer, HubRequest, Subscription } from './hub.js' */
/** @import { StreamState } from '../model/status.js' */

/** How often a tab says that it is there, in milliseconds. */
const HERE = 30_000;

/**
 * @typedef {object} Subscriber
 * @property {(records: string[]) => void} records Each is a name, a tab character and JSON.
 * @property {(state: StreamState) => void} state
 * @property {() => void} [missed] The place to begin at is not known to the running stream.
 */

export class Streams {
  constructor() {
    /** @type {Map<number, Subscriber>} */
    this.subscribers = new Map();
    this.port = openPort();
    this.port.onmessage = ({ data }) => this.hear(data);
    this.port.start();
    this.ask({ do: 'visible', value: !document.hidden });
    document.addEventListener('visibilitychange', () => this.ask({ do: 'visible', value: !document.hidden }));
    addEventListener('pagehide', () => this.ask({ do: 'bye' }));
    addEventListener('pageshow', (event) => event.persisted && location.reload());
    addEventListener('online', () => this.reopen());
    setInterval(() => this.ask({ do: 'here' }), HERE);
  }

  /**
   * @param {Omit<Subscription, 'id'>} what
   * @param {Subscriber} subscriber
   * @returns {() => void} Ends the subscription.
   */
  subscribe(what, subscriber) {
    // Unique among the tabs of this browser.
    const id = Math.random();
    this.subscribers.set(id, subscriber);
    this.ask({ do: 'subscribe', id, ...what });
    return () => {
      if (this.subscribers.delete(id)) this.ask({ do: 'unsubscribe', id });
    };
  }

  /** Connects the streams of this tab anew, where they are. */
  reopen() {
    this.ask({ do: 'reopen' });
  }

  /** @param {HubRequest} request */
  ask(request) {
    this.port.postMessage(request);
  }

  /** @param {HubAnswer} answer */
  hear({ id, records, state, missed }) {
    const subscriber = this.subscribers.get(id);
    if (!subscriber) return;
    if (records) subscriber.records(records);
    if (state) subscriber.state(state);
    if (missed) {
      this.subscribers.delete(id);
      subscriber.missed?.();
    }
  }
}

/** To the shared worker, or to a hub in this page where there are none. */
function openPort() {
  if (typeof SharedWorker === 'function') {
    return new SharedWorker(workerUrl(), { type: 'module', name: 'logs' }).port;
  }
  const { port1, port2 } = new MessageChannel();
  new Hub().connect(port2);
  return port1;
}

/** The only address that the page runs as a script of its own making. */
function workerUrl() {
  const url = new URL('./worker.js', import.meta.url).href;
  const types = /** @type {any} */ (globalThis).trustedTypes;
  return types ? types.createPolicy('worker', { createScriptURL: () => url }).createScriptURL('') : url;
}
