/** Some hundred rows in little memory: about twenty bytes a line beside its text. */

/** @import { Line, Note, Row } from './row.js' */

/** Of so many lines one keeps its cursor, beside the first and the last of a block. */
const CURSOR_STRIDE = 16;
const NOTE = 0x8000;

/** @param {Row} row */
const isLine = (row) => !('note' in row);

export class PackedBlock {
  /**
   * @param {number} first Key of the first row.
   * @param {Row[]} rows
   */
  constructor(first, rows) {
    this.first = first;
    this.count = rows.length;
    this.texts = rows.map((row) => row.text).join('');
    this.ends = new Uint32Array(rows.length);
    this.ms = new Float64Array(rows.length);
    this.ns = new Uint32Array(rows.length);
    this.meta = new Uint16Array(rows.length);
    this.sources = new Uint16Array(rows.length);
    /** @type {Map<number, string>} */
    this.cursors = new Map();
    /** @type {Map<number, number[][]>} */
    this.hits = new Map();
    /** @type {Map<number, Note['note']>} */
    this.notes = new Map();
    /** The lines whose cursors are needed to read on at either end. */
    this.edges = [rows.findIndex(isLine), rows.findLastIndex(isLine)];
    let end = 0;
    rows.forEach((row, at) => {
      end += row.text.length;
      this.ends[at] = end;
      this.ms[at] = row.ms;
      if ('note' in row) this.packNote(at, row);
      else this.packLine(at, row);
    });
  }

  get end() {
    return this.first + this.count;
  }

  /** Of texts and columns, in bytes. */
  get bytes() {
    return this.texts.length + 20 * this.count + 130 * this.cursors.size + 600;
  }

  /** @param {number} at @param {Note} note */
  packNote(at, note) {
    this.meta[at] = NOTE;
    this.notes.set(at, note.note);
  }

  /** @param {number} at @param {Line} line */
  packLine(at, line) {
    this.ns[at] = line.ns;
    this.meta[at] = line.level | (line.flags << 3);
    this.sources[at] = line.source;
    if (line.hits) this.hits.set(at, line.hits);
    const isKept = at % CURSOR_STRIDE === 0 || this.edges.includes(at);
    if (isKept && line.cursor) this.cursors.set(at, line.cursor);
  }

  /** Adds a mark to a line. @param {number} key @param {number} flag */
  mark(key, flag) {
    this.meta[key - this.first] |= flag << 3;
  }

  /**
   * @param {number} key
   * @returns {Row}
   */
  row(key) {
    const at = key - this.first;
    const text = this.texts.slice(at === 0 ? 0 : this.ends[at - 1], this.ends[at]);
    const ms = this.ms[at];
    if (this.meta[at] === NOTE) {
      return { note: this.notes.get(at) ?? 'log', text, ms };
    }
    return {
      ms,
      ns: this.ns[at],
      source: this.sources[at],
      level: this.meta[at] & 7,
      flags: this.meta[at] >> 3,
      text,
      cursor: this.cursors.get(at) ?? '',
      hits: this.hits.get(at) ?? null,
    };
  }
}
