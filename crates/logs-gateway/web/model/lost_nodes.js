/** The nodes that cannot be read at present, by what a reading tells of its logs. */

import { containerKey } from './sources.js';

export class LostNodes {
  constructor() {
    /** @type {Set<string>} */
    this.names = new Set();
    /** The node of each container that was told of. @type {Map<string, string>} */
    this.places = new Map();
  }

  get count() {
    return this.names.size;
  }

  /** Takes note of the node of a log. @param {{namespace: string, pod: string, container: string}} log @param {string} node */
  place(log, node) {
    this.places.set(containerKey(log), node);
  }

  /** @param {string} node */
  lose(node) {
    this.names.add(node);
  }

  /** A node can be read again. @param {string} node @returns {boolean} Whether it was lost. */
  find(node) {
    return this.names.delete(node);
  }

  /** The lost node of a container, from which a line came; empty if it is not lost. @param {string} container Its key. */
  lostOf(container) {
    const node = this.names.size > 0 ? this.places.get(container) : undefined;
    return node !== undefined && this.names.has(node) ? node : '';
  }

  /** The next answer says anew which nodes cannot be read. */
  clear() {
    this.names.clear();
  }
}
