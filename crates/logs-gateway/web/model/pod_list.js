/** The pods that can be read, kept up to date. */

import { fit, words } from '../text/fuzzy.js';
import { isTargeted } from './view.js';

/** @import { Target } from './view.js' */

/**
 * @typedef {object} RunEntry
 * @property {number} restart
 * @property {string | null} first_time
 * @property {string | null} last_time
 * @property {number} size
 *
 * @typedef {object} ContainerEntry
 * @property {string} name
 * @property {number | null} restart
 * @property {string | null} last_write
 * @property {number} size
 * @property {RunEntry[]} runs
 *
 * @typedef {object} PodEntry
 * @property {string} namespace
 * @property {string} pod
 * @property {string} uid
 * @property {string | null} node
 * @property {ContainerEntry[]} containers
 *
 * @typedef {object} Choice A log that can be picked: a container, or all of a pod.
 * @property {Target} target
 * @property {string} name In lower case.
 * @property {number} lastWrite In milliseconds; 0 if unknown.
 * @property {number} size In bytes.
 * @property {number} restarts
 * @property {string} node
 * @property {number} containers How many the pod has, of a choice of all.
 */

export class PodList {
  constructor() {
    /** @type {Map<string, PodEntry>} */
    this.pods = new Map();
    this.isSynced = false;
  }

  /**
   * @param {string} name Of an event.
   * @param {string} data
   */
  take(name, data) {
    if (name === 'reset') {
      this.pods.clear();
      this.isSynced = false;
    } else if (name === 'synced') this.isSynced = true;
    else if (name === 'pod') this.takePod(JSON.parse(data));
  }

  /** @param {PodEntry & {event: string}} pod */
  takePod(pod) {
    const key = `${pod.namespace}/${pod.pod}`;
    if (pod.event === 'removed') this.pods.delete(key);
    else this.pods.set(key, pod);
  }

  /** @param {Target} target @returns {ContainerEntry[]} */
  containersOf(target) {
    const containers = this.podsOf(target).flatMap((pod) => pod.containers);
    return target.container === '*' ? containers : containers.filter(({ name }) => name === target.container);
  }

  /** @param {Target} target Its names may be patterns. */
  podsOf(target) {
    const whole = [{ ...target, container: '*' }];
    const isOne = (/** @type {PodEntry} */ { namespace, pod }) => isTargeted(whole, { namespace, pod, container: '' });
    return [...this.pods.values()].filter(isOne);
  }

  /**
   * Since when there are lines of some logs, and how much.
   *
   * @param {Target[]} targets
   */
  extent(targets) {
    let from = 0;
    let size = 0;
    for (const container of targets.flatMap((target) => this.containersOf(target))) {
      size += container.size;
      for (const run of container.runs) {
        const time = run.first_time ? Date.parse(run.first_time) : 0;
        if (time > 0 && (from === 0 || time < from)) from = time;
      }
    }
    return { from, size };
  }

  /**
   * When each run of a log began, in order.
   *
   * @param {Target[]} targets
   * @returns {string[]}
   */
  runStarts(targets) {
    const runs = targets.flatMap((target) => this.containersOf(target)).flatMap(({ runs }) => runs);
    return startsOf(runs);
  }

  /**
   * When containers were started again, in order: their first runs are none of that.
   *
   * @param {Target[]} targets
   * @returns {string[]}
   */
  restarts(targets) {
    const later = targets.flatMap((target) => this.containersOf(target)).flatMap(({ runs }) => startsOf(runs).slice(1));
    return inOrder(later);
  }

  /**
   * The logs that fit what was typed, the best first, then those written last.
   *
   * @param {string} typed
   * @param {number} max
   * @returns {Choice[]}
   */
  choices(typed, max) {
    const pattern = patternOf(typed);
    if (pattern) return this.choicesOfPattern(pattern).slice(0, max);
    const asked = words(typed);
    const scored = [];
    for (const pod of this.pods.values()) {
      for (const choice of choicesOf(pod)) {
        const score = asked.length === 0 ? 1 : fit(choice.name, asked);
        if (score > 0) scored.push({ choice, score });
      }
    }
    scored.sort((one, other) => other.score - one.score || byLastWrite(one.choice, other.choice));
    return scored.slice(0, max).map(({ choice }) => choice);
  }

  /** The pattern itself, which pods that start later join, and the logs that it fits. @param {Target} pattern @returns {Choice[]} */
  choicesOfPattern(pattern) {
    const choices = this.podsOf(pattern).flatMap(choicesOf).sort(byLastWrite);
    const [newest] = choices;
    if (!newest) return [];
    const { size } = this.extent([pattern]);
    const containers = this.containersOf(pattern).length;
    return [{ ...newest, target: pattern, name: `${pattern.namespace}/${pattern.pod}`, size, restarts: 0, node: '', containers }, ...choices];
  }
}

/** What was typed as a pattern for pods, if it is one: `shop/web-*`. @param {string} typed @returns {Target | null} */
function patternOf(typed) {
  const [first, second] = typed.trim().toLowerCase().split('/');
  if (!/[*?]/.test(typed)) return null;
  return { namespace: second === undefined ? '*' : first || '*', pod: (second ?? first) || '*', container: '*' };
}

/** @param {Choice} one @param {Choice} other */
function byLastWrite(one, other) {
  return other.lastWrite - one.lastWrite || (one.name < other.name ? -1 : 1);
}

/** @param {RunEntry[]} runs */
function startsOf(runs) {
  return inOrder(runs.flatMap(({ first_time }) => (first_time ? [first_time] : [])));
}

/** @param {string[]} times */
function inOrder(times) {
  return times.sort((one, other) => Date.parse(one) - Date.parse(other));
}

/**
 * The logs to open if all choices are wanted: a container is left out if all of its pod are there.
 *
 * @param {Choice[]} choices
 * @returns {Target[]}
 */
export function targetsOfAll(choices) {
  const podOf = (/** @type {Target} */ { namespace, pod }) => `${namespace}/${pod}`;
  const targets = choices.map(({ target }) => target).filter(({ namespace, pod }) => !/[*?]/.test(namespace + pod));
  const whole = new Set(targets.filter(({ container }) => container === '*').map(podOf));
  return targets.filter((target) => target.container === '*' || !whole.has(podOf(target)));
}

/** @param {PodEntry} pod @returns {Choice[]} */
function choicesOf(pod) {
  const { namespace, containers } = pod;
  const all = containers.map((container) => ({
    target: { namespace, pod: pod.pod, container: container.name },
    name: `${namespace}/${pod.pod}/${container.name}`.toLowerCase(),
    lastWrite: container.last_write ? Date.parse(container.last_write) : 0,
    size: container.size,
    restarts: container.restart ?? 0,
    node: pod.node ?? '',
    containers: 1,
  }));
  if (all.length < 2) return all;
  const whole = {
    target: { namespace, pod: pod.pod, container: '*' },
    name: `${namespace}/${pod.pod}/all containers`.toLowerCase(),
    lastWrite: Math.max(...all.map(({ lastWrite }) => lastWrite)),
    size: all.reduce((sum, { size }) => sum + size, 0),
    restarts: 0,
    node: pod.node ?? '',
    containers: all.length,
  };
  return [whole, ...all];
}
