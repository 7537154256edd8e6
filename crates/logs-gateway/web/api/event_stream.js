/**
 * One stream of events that goes on until it is over: it reconnects after a break, where it was.
 */

import { endOf, troubleOf } from '../model/problems.js';
import { readEvents, Refusal, noAnswer } from './request.js';

/** @import { StreamState } from '../model/status.js' */
/** @import { Problem, Trouble } from '../model/problems.js' */
/** @import { ServerEvent } from './event_parser.js' */

/** The first and the longest wait before another attempt, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/**
 * @typedef {object} StreamMemory What a subscriber that comes later gets first.
 * @property {(record: string) => void} keep
 * @property {() => void} reopen
 * @property {() => string[]} all
 * @property {(cursor: string) => string[] | null} after
 *
 * @typedef {object} StreamSink
 * @property {(records: string[]) => void} records
 * @property {(state: StreamState) => void} state
 */

export class EventStream {
  /**
   * @param {string} url Without `after`.
   * @param {StreamMemory} memory
   * @param {StreamSink} sink
   * @param {string} after Where to begin; empty for what `url` says.
   */
  constructor(url, memory, sink, after) {
    this.url = url;
    this.memory = memory;
    this.sink = sink;
    /** Where to go on after a break. */
    this.cursor = after;
    /** @type {StreamState} */
    this.state = { phase: 'queued' };
    /** @type {AbortController | null} */
    this.aborter = null;
    /** Ends a wait. */
    this.wake = () => {};
    this.attempts = 0;
    /** The last connection ended with its log-in, which another tab may have renewed. */
    this.hasExpired = false;
  }

  get isRunning() {
    return this.aborter !== null;
  }

  start() {
    if (this.aborter) return;
    this.aborter = new AbortController();
    this.attempts = 0;
    void this.run(this.aborter);
  }

  /** @param {StreamState} state What it says from now on. */
  stop(state) {
    this.aborter?.abort();
    this.aborter = null;
    this.wake();
    this.say(state);
  }

  /** Connects anew, now, where it was. */
  reopen() {
    this.aborter?.abort();
    this.aborter = null;
    this.wake();
    this.start();
  }

  /** @param {StreamState} state */
  say(state) {
    this.state = state;
    this.sink.state(state);
  }

  /** @param {AbortController} run Aborted when another run takes over. */
  async run(run) {
    while (!run.signal.aborted) {
      const trouble = await this.connection(run);
      if (run.signal.aborted) return;
      if (this.hasExpired) continue;
      if (!trouble.isTransient) {
        this.aborter = null;
        this.say({ phase: 'ended', trouble });
        return;
      }
      await this.wait(trouble);
    }
  }

  /** @param {Trouble & {retryAfter?: number}} trouble */
  async wait(trouble) {
    const doubled = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.attempts);
    const wait = Math.max((trouble.retryAfter ?? 0) * 1000, doubled * (0.75 + Math.random() / 2));
    this.attempts += 1;
    this.say({ phase: 'retrying', retryAt: Date.now() + wait, trouble });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /**
   * One connection, from its opening to its end.
   *
   * @param {AbortController} run
   * @returns {Promise<Trouble & {retryAfter?: number}>} Why it ended.
   */
  async connection(run) {
    this.say({ ...this.state, phase: this.attempts > 0 ? this.state.phase : 'opening' });
    let reason = '';
    try {
      const take = (/** @type {ServerEvent[]} */ events, /** @type {string} */ id) => {
        if (!run.signal.aborted) reason = this.take(events, id) || reason;
      };
      await readEvents(this.nextUrl(), run.signal, take, () => this.opened());
    } catch (error) {
      const problem = error instanceof Refusal ? error.problem : noAnswer();
      const hadExpired = this.hasExpired;
      this.hasExpired = false;
      if (hadExpired && problem.status === 401) return endOf('expired');
      return problem.code === 'cursor_expired' && this.cursor ? this.skipDeleted() : ofRefusal(problem);
    }
    this.hasExpired = reason === 'expired';
    return reason ? endOf(reason) : troubleOf(noAnswer());
  }

  /** What comes next was deleted during a break: it goes on with what there is, and says so. */
  skipDeleted() {
    this.cursor = '';
    const gap = 'gap\t{"from":null,"to":null,"bytes":null}';
    this.memory.keep(gap);
    this.sink.records([gap]);
    return { ...endOf('gap'), retryAfter: 0 };
  }

  nextUrl() {
    if (!this.cursor) return this.url;
    return `${this.url}&after=${encodeURIComponent(this.cursor)}`;
  }

  opened() {
    this.hasExpired = false;
    this.memory.reopen();
    this.say({ phase: 'reading' });
  }

  /**
   * @param {ServerEvent[]} events
   * @param {string} id
   * @returns {string} The reason of the end, if it came.
   */
  take(events, id) {
    let reason = '';
    const records = [];
    for (const { name, data } of events) {
      if (name === 'end') {
        reason = String(JSON.parse(data).reason);
        continue;
      }
      // An answer that ends at once is no success.
      if (name === 'message' || name === 'live' || name === 'synced') this.attempts = 0;
      for (const line of data.split('\n')) {
        const record = `${name}\t${line}`;
        this.memory.keep(record);
        records.push(record);
      }
    }
    if (id) this.cursor = id;
    if (records.length > 0) this.sink.records(records);
    this.tell(events);
    return reason;
  }

  /** @param {ServerEvent[]} events */
  tell(events) {
    for (const { name, data } of events) {
      if (name === 'live' || name === 'synced') this.say({ phase: 'live' });
      if (name === 'progress' && this.state.phase === 'reading') {
        this.say({ phase: 'reading', behind: JSON.parse(data).behind_bytes });
      }
    }
  }
}

/** @param {Problem} problem */
function ofRefusal(problem) {
  return { ...troubleOf(problem), retryAfter: problem.retryAfter };
}
