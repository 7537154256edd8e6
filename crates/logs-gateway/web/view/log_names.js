/** The names of the logs of a view in the bar: shortened in their middle where there is little room. */

import { element } from './dom.js';

/** The most of the end of a pod's name that stays: it tells replicas apart. */
const MAX_END = 12;
/** The most names that are shown; of more there is their number. */
const MAX_NAMES = 2;

/**
 * Shows the names of logs on a button, which has all of them as its title and its accessible name.
 *
 * @param {HTMLElement} button
 * @param {string[]} names
 */
export function showLogNames(button, names) {
  if (names.length === 0) {
    button.title = 'Choose logs (Ctrl-K)';
    button.removeAttribute('aria-label');
    button.replaceChildren('Choose logs');
    return;
  }
  const all = names.join(' + ');
  const isCounted = names.length > MAX_NAMES;
  button.title = `${isCounted ? names.join('\n') : all}\nChoose logs (Ctrl-K)`;
  button.setAttribute('aria-label', `${isCounted ? `${names.length} logs: ${names.join(', ')}` : all}, choose logs`);
  const shown = isCounted ? [`${names.length} logs`] : names.flatMap((name, at) => (at === 0 ? shortened(name) : [' + ', ...shortened(name)]));
  button.classList.toggle('two', names.length === 2);
  button.replaceChildren(element('span', { class: 'log-names' }, ...shown), ' ▾');
}

/** A name of which all but the end of the pod's name gives way. @param {string} name `namespace/pod/container` */
function shortened(name) {
  const [namespace, pod, ...container] = name.split('/');
  const end = pod.slice(Math.max(pod.lastIndexOf('-'), pod.length - MAX_END, 0));
  const part = (/** @type {string} */ kind, /** @type {string} */ text) => element('span', { class: kind }, text);
  return [
    part('log-begin', `${namespace}/${pod.slice(0, pod.length - end.length)}`),
    part('log-end', end),
    ...container.map((text) => part('log-begin', `/${text}`)),
  ];
}
