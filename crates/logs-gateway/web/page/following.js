/** The stream of a view's new lines: what it says of itself, and of which logs and nodes it is. */

import { Reading } from '../model/reading.js';
import { NodeProbe } from './node_probe.js';

/** @import { Streams } from '../api/streams.js' */
/** @import { Sources } from '../model/sources.js' */
/** @import { StreamState } from '../model/status.js' */

/**
 * @typedef {object} FollowingEvents
 * @property {(reading: Reading, name: string, data: string) => void} take Takes one record.
 * @property {(reading: Reading) => void} taken Rows may be there.
 * @property {() => void} changed
 * @property {() => void} missed The place to begin at is not known to the running stream.
 * @property {() => Promise<string[] | null>} missingNodes Those that cannot be read; null if that is unknown.
 */

export class Following {
  /** @param {Streams} streams @param {FollowingEvents} events */
  constructor(streams, events) {
    this.streams = streams;
    this.events = events;
    this.probe = new NodeProbe(events.missingNodes, events.taken);
    this.unsubscribe = () => {};
    /** Null while nothing is followed. @type {StreamState | null} */
    this.stream = null;
    /** @type {Reading | null} */
    this.reading = null;
  }

  /** How many logs are followed. */
  get logs() {
    return this.reading?.open.size ?? 0;
  }

  /** The nodes of which nothing can be read at present. */
  get lostNodes() {
    return [...(this.reading?.nodes.names ?? [])].sort();
  }

  /** @param {Sources} sources @param {string} url @param {string} user @param {string} after */
  start(sources, url, user, after) {
    this.stop();
    const reading = new Reading(sources);
    this.reading = reading;
    this.stream = { phase: 'opening' };
    this.unsubscribe = this.streams.subscribe(
      { kind: 'log', url, user, after },
      {
        records: (records) => this.received(reading, records),
        state: (state) => this.streamed(reading, state),
        missed: () => {
          this.stop();
          this.events.missed();
        },
      },
    );
  }

  stop() {
    this.unsubscribe();
    this.unsubscribe = () => {};
    this.probe.stop();
    this.stream = null;
    this.reading = null;
  }

  /** @param {Reading} reading @param {string[]} records */
  received(reading, records) {
    for (const record of records) {
      const tab = record.indexOf('\t');
      this.events.take(reading, record.slice(0, tab), record.slice(tab + 1));
    }
    this.events.taken(reading);
    this.probe.watch(reading);
  }

  /** @param {Reading} reading @param {StreamState} state */
  streamed(reading, state) {
    this.stream = state;
    // The next answer says anew which logs there are, and which nodes cannot be read.
    if (state.phase === 'retrying') {
      reading.open.clear();
      reading.nodes.clear();
    }
    this.events.changed();
  }
}
