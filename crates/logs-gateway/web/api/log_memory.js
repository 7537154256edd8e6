/** What a tab that joins a stream of a log gets first: the lines that came last. */

/** The most lines that are kept. */
const MAX_LINES = 2000;
/** The most text that is kept, in UTF-16 units. */
const MAX_TEXT = 4 * 1024 * 1024;

/** Records that say nothing to a tab that joins later. */
const FLEETING = ['live\t', 'progress\t', 'auth\t', 'cursor\t'];

export class LogMemory {
  constructor() {
    /** Records that came last, as they are sent on. @type {string[]} */
    this.records = [];
    this.text = 0;
    /** Which run of each container the kept records begin in. @type {Map<string, string>} */
    this.runs = new Map();
    this.isLive = false;
  }

  /** @param {string} record `name`, a tab, and the data. */
  keep(record) {
    if (record.startsWith('live\t')) this.isLive = true;
    if (FLEETING.some((name) => record.startsWith(name))) return;
    this.records.push(record);
    this.text += record.length;
    if (this.records.length > MAX_LINES * 1.25 || this.text > MAX_TEXT * 1.25) this.forget();
  }

  forget() {
    let dropped = 0;
    while (this.records.length - dropped > MAX_LINES || this.text > MAX_TEXT) {
      const record = this.records[dropped];
      if (record.startsWith('pod\t')) this.keepRun(record);
      this.text -= record.length;
      dropped += 1;
    }
    this.records.splice(0, dropped);
  }

  /** @param {string} record */
  keepRun(record) {
    const { event, namespace, pod, container } = JSON.parse(record.slice(4));
    const isBegin = event === 'opened' || event === 'joined' || event === 'restarted';
    if (isBegin) this.runs.set(`${namespace}/${pod}/${container}`, record.replace('"restarted"', '"opened"'));
  }

  /** A stream goes on after a break: it says again which runs it reads. */
  reopen() {
    this.isLive = false;
  }

  /** All that is kept. */
  all() {
    const records = [...this.runs.values(), ...this.records];
    return this.isLive ? [...records, 'live\ttrue'] : records;
  }

  /**
   * What came after a line.
   *
   * @param {string} cursor
   * @returns {string[] | null} Null if the line is not kept.
   */
  after(cursor) {
    const text = `"cursor":${JSON.stringify(cursor)}`;
    for (let at = this.records.length - 1; at >= 0; at -= 1) {
      if (this.records[at].includes(text)) {
        const live = this.isLive ? ['live\ttrue'] : [];
        return [...this.runsAt(at), ...this.records.slice(at + 1), ...live];
      }
    }
    return null;
  }

  /** Which runs lines are of behind a record. @param {number} end */
  runsAt(end) {
    const memory = new LogMemory();
    memory.runs = new Map(this.runs);
    for (let at = 0; at <= end; at += 1) {
      if (this.records[at].startsWith('pod\t')) memory.keepRun(this.records[at]);
    }
    return [...memory.runs.values()];
  }
}
