/**
 * The text of several logs, of which only some were chosen: each line begins with the name of its
 * log, by which it is kept or left out.
 */

import { isTargeted } from './view.js';

/** @import { Target } from './view.js' */

const NEWLINE = 10;
const BLANK = 32;

export class ChosenText {
  /** @param {Target[]} targets */
  constructor(targets) {
    this.targets = targets;
    /** The begin of a line whose name is not whole yet. */
    this.begin = new Uint8Array(0);
    /** Whether the line that is read is kept; null at its begin. @type {boolean | null} */
    this.isKept = null;
    /** What was decided, by the name of the log. @type {Map<string, boolean>} */
    this.known = new Map();
  }

  /** What is kept of the next part. @param {Uint8Array} part */
  push(part) {
    const bytes = joined([this.begin, part]);
    /** @type {Uint8Array[]} */
    const kept = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.isKept === null) {
        const blank = bytes.indexOf(BLANK, at);
        if (blank < 0) break;
        this.isKept = this.isChosen(String.fromCharCode(...bytes.subarray(at, blank)));
      }
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline + 1;
      if (this.isKept) kept.push(bytes.subarray(at, end));
      if (newline >= 0) this.isKept = null;
      at = end;
    }
    this.begin = bytes.slice(at);
    return joined(kept);
  }

  /** @param {string} name `namespace/pod/container`. */
  isChosen(name) {
    let isChosen = this.known.get(name);
    if (isChosen === undefined) {
      const [namespace, pod, container] = name.split('/');
      isChosen = isTargeted(this.targets, { namespace, pod, container });
      this.known.set(name, isChosen);
    }
    return isChosen;
  }
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
