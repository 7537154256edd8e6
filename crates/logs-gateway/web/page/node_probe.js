/**
 * Asks whether lost nodes can be read again: a node that returns and has nothing to say gives no line
 * by which that would be seen.
 */

/** @import { Reading } from '../model/reading.js' */

/** How often it is asked, in milliseconds. */
const PERIOD = 3000;

export class NodeProbe {
  /**
   * @param {() => Promise<string[] | null>} missing The nodes that cannot be read; null if that is unknown.
   * @param {(reading: Reading) => void} found Called when a node can be read again.
   */
  constructor(missing, found) {
    this.missing = missing;
    this.found = found;
    /** @type {Reading | null} */
    this.reading = null;
  }

  /** Asks until no node of a reading is lost. @param {Reading} reading */
  watch(reading) {
    if (reading.nodes.count === 0 || this.reading === reading) return;
    this.reading = reading;
    void this.run(reading);
  }

  /** Asks no more. */
  stop() {
    this.reading = null;
  }

  /** @param {Reading} reading */
  async run(reading) {
    while (this.reading === reading && reading.nodes.count > 0) {
      await new Promise((resolve) => setTimeout(resolve, PERIOD));
      const missing = this.reading === reading ? await this.missing() : null;
      if (missing === null || this.reading !== reading) continue;
      for (const node of [...reading.nodes.names]) if (!missing.includes(node)) reading.nodeFound(node);
      this.found(reading);
    }
    if (this.reading === reading) this.reading = null;
  }
}
