/** The logs that lines come from: a container of a pod in one of its runs. */

import { Hues } from './hues.js';

/**
 * @typedef {object} Source
 * @property {string} namespace
 * @property {string} pod
 * @property {string} container
 * @property {string} uid
 * @property {number} restart
 */

export class Sources {
  constructor() {
    this.hues = new Hues();
    /** @type {Source[]} */
    this.list = [];
    /** @type {Map<string, number>} */
    this.numbers = new Map();
  }

  /** The number of a log. @param {Source} source */
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
}

/** @param {{namespace: string, pod: string, container: string}} log */
export function containerKey(log) {
  return `${log.namespace}/${log.pod}/${log.container}`;
}
