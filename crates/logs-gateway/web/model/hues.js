/** Colours of logs: one of twelve by the name of a log, another if a log of the same view has it. */

const HUES = 12;
/** Goes through all hues, and far from the last one. */
const STEP = 5;

export class Hues {
  constructor() {
    /** @type {Map<string, number>} */
    this.known = new Map();
  }

  /** The number of the colour of a log. @param {string} name */
  of(name) {
    let hue = this.known.get(name);
    if (hue === undefined) {
      hue = this.free(hashOf(name) % HUES);
      this.known.set(name, hue);
    }
    return hue;
  }

  /** The first hue that no log has; the wanted one if all are taken. @param {number} wanted */
  free(wanted) {
    const taken = new Set(this.known.values());
    for (let step = 0; step < HUES; step += 1) {
      const hue = (wanted + step * STEP) % HUES;
      if (!taken.has(hue)) return hue;
    }
    return wanted;
  }
}

/** @param {string} name */
function hashOf(name) {
  let hash = 7;
  for (let at = 0; at < name.length; at += 1) hash = (hash * 31 + name.charCodeAt(at)) % 65_521;
  return hash;
}
