/**
 * The streams of a browser: however many tabs show a log, it is read once.
 *
 * It lives in a shared worker, or in the page where there are none. Over HTTP/1.1 a browser opens
 * six connections to a host, so few streams run at a time; those of tabs that are looked at go
 * first, and the others go on where they were when their turn comes.
 */

import { EventStream } from './event_stream.js';
import { LogMemory } from './log_memory.js';
import { PodMemory } from './pod_memory.js';

/** @import { StreamState } from '../model/status.js' */

/** The most streams of logs at a time, beside the one of pods. */
const MAX_LOGS = 4;
/** After so long without a word, a tab is taken for closed, in milliseconds. */
const TAB_SILENCE = 150_000;

/**
 * @typedef {object} Subscription
 * @property {number} id
 * @property {'log' | 'pods'} kind
 * @property {string} url
 * @property {string} user Streams of one user are not shown to another.
 * @property {string} after A cursor to begin after, or empty.
 *
 * @typedef {Subscription & {do: 'subscribe'}
 *   | {do: 'unsubscribe', id: number}
 *   | {do: 'reopen'}
 *   | {do: 'visible', value: boolean}
 *   | {do: 'here'}
 *   | {do: 'bye'}} HubRequest
 *
 * @typedef {{id: number, records?: string[], state?: StreamState, missed?: boolean}} HubAnswer
 *
 * @typedef {object} Tab
 * @property {(answer: HubAnswer) => void} answer
 * @property {Map<number, SharedStream>} streams By the id of the subscription.
 * @property {boolean} isVisible
 * @property {number} lastVisible
 * @property {number} lastHeard
 */

export class Hub {
  constructor() {
    /** @type {Set<Tab>} */
    this.tabs = new Set();
    /** @type {Map<string, SharedStream>} */
    this.streams = new Map();
  }

  /** @param {MessagePort} port */
  connect(port) {
    const now = Date.now();
    /** @type {Tab} */
    const tab = {
      answer: (answer) => port.postMessage(answer),
      streams: new Map(),
      isVisible: true,
      lastVisible: now,
      lastHeard: now,
    };
    this.tabs.add(tab);
    port.onmessage = ({ data }) => this.hear(tab, data);
    port.start();
    this.dropSilentTabs(now);
  }

  /** @param {Tab} tab @param {HubRequest} request */
  hear(tab, request) {
    tab.lastHeard = Date.now();
    this.tabs.add(tab);
    switch (request.do) {
      case 'subscribe':
        this.subscribe(tab, request);
        break;
      case 'unsubscribe':
        this.unsubscribe(tab, request.id);
        break;
      case 'reopen':
        for (const stream of tab.streams.values()) stream.events.reopen();
        break;
      case 'visible':
        tab.isVisible = request.value;
        tab.lastVisible = tab.lastHeard;
        break;
      case 'bye':
        this.drop(tab);
        break;
      default:
    }
    this.schedule();
  }

  /** @param {Tab} tab @param {Subscription} subscription */
  subscribe(tab, { id, kind, url, user, after }) {
    const key = `${user} ${url}`;
    let stream = this.streams.get(key);
    if (stream) {
      const { memory } = stream.events;
      const records = after ? memory.after(after) : memory.all();
      if (records === null) {
        tab.answer({ id, missed: true });
        return;
      }
      if (records.length > 0) tab.answer({ id, records });
      if (stream.events.state.phase === 'ended') stream.events.reopen();
      tab.answer({ id, state: stream.events.state });
    } else {
      // It lacks the lines before its beginning, so that others cannot join it as they would the end.
      const own = after ? `${key} after ${after}` : key;
      stream = this.streams.get(own) ?? new SharedStream(own, url, kind, after);
      this.streams.set(own, stream);
    }
    stream.subscribers.set(id, tab);
    tab.streams.set(id, stream);
  }

  /** @param {Tab} tab @param {number} id */
  unsubscribe(tab, id) {
    const stream = tab.streams.get(id);
    if (!stream) return;
    tab.streams.delete(id);
    stream.subscribers.delete(id);
    if (stream.subscribers.size === 0) {
      this.streams.delete(stream.key);
      stream.events.stop({ phase: 'ended' });
    }
  }

  /** @param {Tab} tab */
  drop(tab) {
    for (const id of [...tab.streams.keys()]) this.unsubscribe(tab, id);
    this.tabs.delete(tab);
  }

  /** @param {number} now */
  dropSilentTabs(now) {
    for (const tab of [...this.tabs]) if (now - tab.lastHeard > TAB_SILENCE) this.drop(tab);
  }

  /** Lets those streams run that are looked at, and as many others as there is room for. */
  schedule() {
    const logs = [...this.streams.values()].filter(({ kind }) => kind === 'log');
    logs.sort((one, other) => other.lastLookedAt() - one.lastLookedAt());
    logs.forEach((stream, place) => (place < MAX_LOGS ? stream.run() : stream.queue()));
    for (const stream of this.streams.values()) if (stream.kind === 'pods') stream.run();
  }
}

/** A stream with its subscribers. */
class SharedStream {
  /** @param {string} key @param {string} url @param {'log' | 'pods'} kind @param {string} after */
  constructor(key, url, kind, after) {
    this.key = key;
    this.kind = kind;
    /** By the id of the subscription, which is unique among all tabs. @type {Map<number, Tab>} */
    this.subscribers = new Map();
    const memory = kind === 'pods' ? new PodMemory() : new LogMemory();
    const sink = {
      records: (/** @type {string[]} */ records) => this.send({ records }),
      state: (/** @type {StreamState} */ state) => this.send({ state }),
    };
    this.events = new EventStream(url, memory, sink, after);
  }

  /** @param {Omit<HubAnswer, 'id'>} answer */
  send(answer) {
    for (const [id, tab] of this.subscribers) tab.answer({ id, ...answer });
  }

  /** When it was last looked at; infinite while it is. */
  lastLookedAt() {
    const times = [...this.subscribers.values()].map((tab) => (tab.isVisible ? Infinity : tab.lastVisible));
    return Math.max(0, ...times);
  }

  run() {
    if (!this.events.isRunning && this.events.state.phase !== 'ended') this.events.start();
  }

  queue() {
    if (this.events.isRunning) this.events.stop({ phase: 'queued' });
  }
}
