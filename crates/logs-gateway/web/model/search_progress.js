/** How far the lines of a view were searched, by the records that tell it. */
export class SearchProgress {
  constructor() {
    /** The bytes that were read; 0 if that is unknown. */
    this.bytes = 0;
    /** Up to which time lines were searched, in milliseconds; 0 if that is unknown. */
    this.until = 0;
    /** Everything that was written is searched. */
    this.isLive = false;
  }

  /**
   * @param {string} name Of a record.
   * @param {string} data
   * @param {number} now
   */
  take(name, data, now) {
    if (name === 'live') {
      this.isLive = true;
      this.until = now;
    } else if (name === 'progress') {
      const { time, scanned_bytes } = JSON.parse(data);
      this.bytes = Math.max(this.bytes, scanned_bytes);
      this.until = this.isLive ? now : Date.parse(time) || this.until;
    }
  }
}
