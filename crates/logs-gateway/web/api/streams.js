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
    /** The subscriptions, for another hub. @type {Map<number, Subscription>} */
    this.subscriptions = new Map();
    this.port = this.listenTo(sharedHub(() => this.takeOver()) ?? ownHub());
    document.addEventListener('visibilitychange', () => this.ask({ do: 'visible', value: !document.hidden }));
    addEventListener('pagehide', () => this.ask({ do: 'bye' }));
    addEventListener('pageshow', (event) => event.persisted && location.reload());
    // A lost connection is not felt by itself for a while.
    for (const change of ['online', 'offline']) addEventListener(change, () => this.reopen());
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
    this.subscriptions.set(id, { id, ...what });
    this.ask({ do: 'subscribe', id, ...what });
    return () => {
      this.subscriptions.delete(id);
      if (this.subscribers.delete(id)) this.ask({ do: 'unsubscribe', id });
    };
  }

  /** @param {MessagePort} port */
  listenTo(port) {
    port.onmessage = ({ data }) => this.hear(data);
    port.start();
    port.postMessage({ do: 'visible', value: !document.hidden });
    return port;
  }

  /** Streams run in this page from now on. */
  takeOver() {
    this.port = this.listenTo(ownHub());
    for (const subscription of this.subscriptions.values()) this.ask({ do: 'subscribe', ...subscription });
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
      this.subscriptions.delete(id);
      subscriber.missed?.();
    }
  }
}

/**
 * The hub in the shared worker; null where there are none, or the browser refuses one.
 *
 * @param {() => void} failed The worker could not be started.
 */
function sharedHub(failed) {
  if (typeof SharedWorker !== 'function') return null;
  try {
    const worker = new SharedWorker(workerUrl(), { type: 'module', name: 'logs' });
    worker.addEventListener('error', failed, { once: true });
    return worker.port;
  } catch {
    return null;
  }
}

/** A hub in this page. */
function ownHub() {
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
