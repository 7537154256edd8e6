/** What keys and clicks on the log do. */

import { byId } from '../view/dom.js';

/** @import { Filters } from './filters.js' */
/** @import { Finding } from './finding.js' */
/** @import { KeyMap } from './keys.js' */
/** @import { LineActions } from './line_actions.js' */
/** @import { Runs } from './runs.js' */
/** @import { SettingsMenu } from './settings.js' */
/** @import { Viewer } from './viewer.js' */

/**
 * @typedef {object} Controls
 * @property {Viewer} viewer
 * @property {SettingsMenu} menu
 * @property {LineActions} actions
 * @property {Filters} filters
 * @property {Finding} finding
 * @property {Runs} runs
 * @property {() => void} togglePause
 */

/**
 * @param {Controls} page
 * @returns {KeyMap}
 */
export function shortcuts(page) {
  const { viewer, menu, actions, finding, runs } = page;
  const { list } = viewer;
  const onCurrent = (/** @type {(key: number) => unknown} */ act) => () => {
    const current = viewer.currentLine();
    if (current) act(current.key);
  };
  return {
    '/': () => page.filters.input.focus(),
    n: () => finding.go(1),
    N: () => finding.go(-1),
    j: () => viewer.moveCurrent(1),
    k: () => viewer.moveCurrent(-1),
    ArrowDown: () => viewer.moveCurrent(1),
    ArrowUp: () => viewer.moveCurrent(-1),
    PageDown: () => list.page(0.9),
    PageUp: () => list.page(-0.9),
    'Ctrl-d': () => list.page(0.5),
    'Ctrl-u': () => list.page(-0.5),
    g: () => viewer.goToBegin(),
    Home: () => viewer.goToBegin(),
    G: () => viewer.goToEnd(),
    End: () => viewer.goToEnd(),
    f: () => viewer.goToEnd(),
    p: () => page.togglePause(),
    w: () => menu.set({ wrap: !menu.settings.wrap }),
    t: () => menu.nextStamps(),
    x: onCurrent((key) => viewer.folding.toggle(key)),
    X: () => menu.set({ fold: !menu.settings.fold }),
    a: onCurrent((key) => actions.around(key)),
    c: onCurrent((key) => actions.copyLink(key)),
    y: () => {
      const current = viewer.currentLine();
      if (current) void actions.copyLine(current.line);
    },
    Enter: () => actions.openCurrent(),
    '[': () => runs.go(-1),
    ']': () => runs.go(1),
    '?': () => byId('help', HTMLDialogElement).showModal(),
    Escape: () => viewer.setCurrent(null),
  };
}

/** Buttons that do what keys do. @param {Controls} page */
export function listenToButtons({ viewer, actions, finding, runs, togglePause }) {
  const menu = byId('time-menu', HTMLElement);
  const go = (/** @type {() => unknown} */ act) => () => (menu.hidePopover(), act());
  const acts = {
    pause: togglePause,
    pill: () => viewer.goToEnd(),
    crash: () => runs.goToRestart(),
    'line-actions': () => actions.openCurrent(),
    'match-before': () => finding.go(-1),
    'match-after': () => finding.go(1),
    'go-begin': go(() => viewer.goToBegin()),
    'go-run-before': go(() => runs.go(-1)),
    'go-run-after': go(() => runs.go(1)),
    'help-button': () => byId('help', HTMLDialogElement).showModal(),
  };
  for (const [id, act] of Object.entries(acts)) byId(id, HTMLElement).addEventListener('click', () => void act());
}

/**
 * @param {Controls} page
 * @param {MouseEvent} event
 */
export function clicked({ viewer, actions }, event) {
  const target = /** @type {Element} */ (event.target);
  const key = viewer.list.keyOf(target);
  if (key === null) return;
  if (target.closest('.stamp')) actions.open(key, target.getBoundingClientRect());
  else if (target.closest('.folded, .more')) viewer.folding.toggle(key);
  else if (document.getSelection()?.isCollapsed) {
    viewer.setCurrent(key);
    viewer.events.changed();
  }
}
