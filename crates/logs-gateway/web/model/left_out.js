/**
 * Lines that were read and left out: several namespaces and pods are requested as all pairs of them,
 * so that lines of other logs come as well. Reading goes on before and behind those.
 */

/** @import { Instant } from '../text/time.js' */

export class LeftOut {
  constructor() {
    /** @type {Instant | null} */
    this.earliest = null;
    /** @type {Instant | null} */
    this.latest = null;
  }

  /** @param {Instant} instant Of a line that was left out. */
  add(instant) {
    if (!this.earliest || isBefore(instant, this.earliest)) this.earliest = instant;
    if (!this.latest || isBefore(this.latest, instant)) this.latest = instant;
  }

  /** Before which instant the page before begins. @param {Instant | null} first Of the first line. */
  begin(first) {
    return first && this.earliest && isBefore(first, this.earliest) ? first : (this.earliest ?? first);
  }

  /** From which instant on the next page begins. @param {Instant | null} last Of the last line. */
  end(last) {
    return last && this.latest && isBefore(this.latest, last) ? last : (this.latest ?? last);
  }
}

/** @param {Instant} one @param {Instant} other */
export function isBefore(one, other) {
  return one.ms < other.ms || (one.ms === other.ms && one.ns < other.ns);
}
