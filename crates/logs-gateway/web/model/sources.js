/** The logs that lines come from: a container of a pod in one of its runs. */

/**
 * @typedef {object} Source
 * @property {string} namespace
 * @property {string} pod
 * @property {string} container
 * @property {string} uid
 * @property {number} restart
 */

const UNKNOWN_RUN = -1;

export class Sources {
  constructor() {
    /** @type {Source[]} */
    this.list = [];
    /** @type {Map<string, number>} */
    this.numbers = new Map();
    /** The run of each container that lines come from at present. @type {Map<string, number>} */
    this.current = new Map();
  }

  /**
   * Notes that lines of a run follow.
   *
   * @param {Source} source
   * @returns {number}
   */
  enter(source) {
    const number = this.number(source);
    this.current.set(containerKey(source), number);
    return number;
  }

  /**
   * The log of a line.
   *
   * @param {{namespace: string, pod: string, container: string}} line
   * @returns {number}
   */
  of(line) {
    const current = this.current.get(containerKey(line));
    return current ?? this.number({ ...line, uid: '', restart: UNKNOWN_RUN });
  }

  /** @param {Source} source */
  number({ namespace, pod, container, uid, restart }) {
    const key = `${namespace}/${pod}/${container}/${uid}/${restart}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.list.push({ namespace, pod, container, uid, restart }) - 1;
      this.numbers.set(key, number);
    }
    return number;
  }

  /** @param {number} number */
  get(number) {
    return this.list[number];
  }

  /** Forgets which runs lines come from: another reading begins. */
  beginReading() {
    this.current.clear();
  }
}

/** @param {{namespace: string, pod: string, container: string}} log */
export function containerKey(log) {
  return `${log.namespace}/${log.pod}/${log.container}`;
}
