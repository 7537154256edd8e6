/**
 * Makes rows of what a stream says: lines, and notes of gaps and runs.
 *
 * Each request is a reading of its own. It first says which run it reads, so notes of runs are made
 * where two lines differ in their run, within a reading and where two readings meet.
 */

import { levelNumber } from '../text/level.js';
import { decodeBytes, fromByteRanges } from '../text/offsets.js';
import { size } from '../text/quantity.js';
import { parseInstant } from '../text/time.js';
import { LostNodes } from './lost_nodes.js';
import { FLAG } from './row.js';
import { containerKey } from './sources.js';

/** @import { Line, Note, Row } from './row.js' */
/** @import { Source, Sources } from './sources.js' */

/**
 * @typedef {object} LineRecord A line as the gateway writes it.
 * @property {string} time
 * @property {string} [stream]
 * @property {string} namespace
 * @property {string} pod
 * @property {string} container
 * @property {string} [message]
 * @property {string} [message_base64]
 * @property {boolean} [partial]
 * @property {boolean} [late]
 * @property {boolean} [context]
 * @property {string} [level]
 * @property {number[][]} [hits]
 * @property {string} [cursor]
 *
 * @typedef {Source & {event: string, reason?: string, status?: number, node?: string}} PodRecord
 *
 * @typedef {object} GapRecord
 * @property {string | null} from
 * @property {string | null} to
 * @property {number | null} bytes
 */

/** The run of a log of which nothing was said. */
const UNKNOWN_RUN = -1;
/** Events of a log that is read from then on. */
const OPENING = new Set(['opened', 'joined', 'restarted']);
/** Events of a log that is read no more. */
const CLOSING = new Set(['ended', 'gone', 'skipped', 'forbidden']);

export class Reading {
  /** @param {Sources} sources */
  constructor(sources) {
    this.sources = sources;
    /** @type {Row[]} */
    this.rows = [];
    /** The log that lines of each container come from at present. @type {Map<string, number>} */
    this.current = new Map();
    /** The log of the last line of each container. @type {Map<string, number>} */
    this.last = new Map();
    /** The containers whose logs are read at present. @type {Set<string>} */
    this.open = new Set();
    this.nodes = new LostNodes();
  }

  /** Takes the rows made since the last call. */
  take() {
    const rows = this.rows;
    this.rows = [];
    return rows;
  }

  /** @param {LineRecord} record */
  line(record) {
    const container = containerKey(record);
    const source = this.current.get(container) ?? this.sources.number({ ...nameOf(record), uid: '', restart: UNKNOWN_RUN });
    const before = this.last.get(container);
    const { ms, ns } = parseInstant(record.time);
    const returned = this.nodes.lostOf(container);
    if (returned) this.nodeFound(returned);
    if (before !== undefined && before !== source) {
      this.rows.push(runNote(this.sources.get(source), ms));
    }
    this.last.set(container, source);
    this.rows.push({ ms, ns, source, ...content(record), cursor: record.cursor ?? '' });
  }

  /** @param {PodRecord} record */
  pod(record) {
    this.node(record);
    if (OPENING.has(record.event)) {
      this.current.set(containerKey(record), this.sources.number(record));
      this.open.add(containerKey(record));
    } else if (CLOSING.has(record.event)) {
      this.open.delete(containerKey(record));
    }
    const text = podNote(record);
    if (text) this.rows.push({ note: record.event === 'unreachable' ? 'lost' : 'log', text, ms: 0 });
  }

  /** Which nodes can be read. @param {PodRecord} record */
  node(record) {
    const { event, node } = record;
    if (!node) return;
    if (event === 'unreachable') {
      this.nodes.lose(node);
    } else {
      this.nodes.place(record, node);
      if (OPENING.has(event)) this.nodeFound(node);
    }
  }

  /** A node that was lost can be read again. @param {string} node */
  nodeFound(node) {
    if (this.nodes.find(node)) this.rows.push({ note: 'log', text: `Node ${node} can be read again`, ms: 0 });
  }

  /** @param {GapRecord} record */
  gap(record) {
    const ms = record.to ? parseInstant(record.to).ms : 0;
    this.rows.push({ note: 'gap', text: gapText(record), ms });
  }
}

/** @param {LineRecord} record */
function nameOf({ namespace, pod, container }) {
  return { namespace, pod, container };
}

/** @param {LineRecord} record */
function content(record) {
  const level = levelNumber(record.level);
  let flags = record.stream === 'stderr' ? FLAG.STDERR : 0;
  if (record.partial) flags |= FLAG.PARTIAL;
  if (record.context) flags |= FLAG.CONTEXT;
  if (record.late) flags |= FLAG.LATE;
  if (record.message_base64 !== undefined) {
    const { text, ranges } = decodeBytes(record.message_base64, record.hits ?? []);
    return { level, flags: flags | FLAG.BINARY, text, hits: record.hits ? ranges : null };
  }
  const text = record.message ?? '';
  return { level, flags, text, hits: record.hits ? fromByteRanges(text, record.hits) : null };
}

/**
 * The note between two readings whose lines are of different runs of one container; null otherwise.
 *
 * @param {Line | null} before
 * @param {Line | null} after
 * @param {Sources} sources
 * @returns {Note | null}
 */
export function noteBetween(before, after, sources) {
  if (!before || !after || before.source === after.source) return null;
  const [one, other] = [sources.get(before.source), sources.get(after.source)];
  return containerKey(one) === containerKey(other) ? runNote(other, after.ms) : null;
}

/**
 * @param {Source} source
 * @param {number} ms
 * @returns {Note}
 */
function runNote(source, ms) {
  const what = source.restart > 0 ? `Restart ${source.restart}` : 'A new pod';
  return { note: 'run', text: `${what} of ${source.container} begins here`, ms };
}

/** @param {PodRecord} record */
function podNote(record) {
  const name = `${record.namespace}/${record.pod}/${record.container}`;
  switch (record.event) {
    case 'joined':
      return `${name} joined`;
    case 'ended':
      return `${name} ended`;
    case 'gone':
      return `${name} is gone: its logs were removed`;
    case 'waiting':
      return `${name} has not started${record.reason ? `: ${record.reason}` : ''}`;
    case 'unreachable':
      return `${record.node ? `Node ${record.node}` : name} cannot be reached${record.status ? ` (${record.status})` : ''}`;
    case 'skipped':
      return `${name} is left out: too many logs for one stream`;
    case 'forbidden':
      return `${name} may no longer be read by you`;
    default:
      return '';
  }
}

/**
 * The note where the lines of some nodes are missing; null if none is.
 *
 * @param {string[]} nodes
 * @returns {Note | null}
 */
export function missingNote(nodes) {
  if (nodes.length === 0) return null;
  const names = nodes.length === 1 ? `node ${nodes[0]}` : `nodes ${nodes.join(', ')}`;
  return { note: 'lost', text: `Lines of ${names} are missing here, as far as there are any: ${nodes.length === 1 ? 'it' : 'they'} cannot be reached`, ms: 0 };
}

/** @param {GapRecord} gap */
function gapText(gap) {
  const much = gap.bytes === null ? 'Lines are' : `${size(gap.bytes)} are`;
  return `${much} missing here: the file was removed or emptied before it was read`;
}
