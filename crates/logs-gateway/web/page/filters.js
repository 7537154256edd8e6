/** The filters of a view in the bar: what is set, and how it is changed. */

import { literalPattern } from '../text/json_line.js';
import { label } from '../text/time.js';
import { startOf } from '../api/log_url.js';
import { isDuration, withoutBadPatterns, writeTarget } from '../model/view.js';
import { byId, element } from '../view/dom.js';
import { showLogNames } from '../view/log_names.js';

/** @import { Settings } from '../model/local_store.js' */
/** @import { View } from '../model/view.js' */

/** Ranges that are offered, and their names. */
const PRESETS = [
  ['5m', 'last 5 min'],
  ['15m', 'last 15 min'],
  ['1h', 'last hour'],
  ['6h', 'last 6 hours'],
  ['1d', 'last day'],
  ['', 'all times'],
];

/** How long after an arrow key its choice is applied, in milliseconds: another may follow. */
const SETTLE = 300;

export class Filters {
  /**
   * @param {(changes: Partial<View>, url?: 'push' | 'replace') => void} change
   * @param {(ms: number) => void} jump
   */
  constructor(change, jump) {
    this.changeOnly = change;
    this.jump = jump;
    this.input = byId('filter', HTMLInputElement);
    this.regex = byId('filter-regex', HTMLButtonElement);
    this.chips = byId('filters', HTMLElement);
    this.level = byId('level', HTMLSelectElement);
    this.stream = byId('stream', HTMLSelectElement);
    this.time = byId('time', HTMLButtonElement);
    this.pods = byId('pods', HTMLButtonElement);
    /** @type {View | null} */
    this.view = null;
    this.listen();
  }

  /** Changes the view, and gives the keyboard back to the log. @param {Partial<View>} changes */
  change(changes) {
    byId('list', HTMLElement).focus();
    this.changeOnly(changes);
  }

  listen() {
    byId('filter-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.add(this.input.value);
    });
    this.input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') byId('list', HTMLElement).focus();
    });
    this.regex.addEventListener('click', () => {
      const isOn = this.regex.getAttribute('aria-pressed') === 'true';
      this.regex.setAttribute('aria-pressed', String(!isOn));
      this.input.focus();
    });
    this.listenToSelect(this.level, 'level');
    this.listenToSelect(this.stream, 'stream');
    this.listenToTimes();
  }

  /**
   * Arrows go through the choices one by one, so they leave the keyboard where it is, and make one
   * entry of the history; a choice from the opened list gives the keyboard back, and so does Escape.
   *
   * @param {HTMLSelectElement} select
   * @param {'level' | 'stream'} name
   */
  listenToSelect(select, name) {
    let isByArrow = false;
    let settling = 0;
    /** The view that the last arrow led to. @type {View | null} */
    let stepped = null;
    const apply = () => {
      clearTimeout(settling);
      if (!this.view || select.value === this.view[name]) return;
      this.changeOnly({ [name]: select.value }, this.view === stepped ? 'replace' : 'push');
      stepped = this.view;
    };
    select.addEventListener('pointerdown', () => (isByArrow = false));
    select.addEventListener('keydown', ({ key }) => {
      isByArrow = !['Enter', ' '].includes(key);
      if (key === 'Enter') apply();
      if (key === 'Escape') byId('list', HTMLElement).focus();
    });
    select.addEventListener('change', () => {
      clearTimeout(settling);
      if (isByArrow) settling = setTimeout(apply, SETTLE);
      else {
        apply();
        byId('list', HTMLElement).focus();
      }
    });
    select.addEventListener('blur', () => {
      apply();
      stepped = null;
    });
  }

  listenToTimes() {
    const menu = byId('time-menu', HTMLElement);
    const presets = PRESETS.map(([from, name]) =>
      element('button', { type: 'button', click: () => this.choose(menu, { from, to: '' }) }, name),
    );
    byId('time-presets', HTMLElement).append(...presets);
    const [from, to, jump] = ['time-from', 'time-to', 'time-jump'].map((id) => byId(id, HTMLInputElement));
    byId('time-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const times = [this.instant(from), this.instant(to)];
      if (times.every(Boolean)) times.sort();
      this.choose(menu, { from: times[0], to: times[1] });
    });
    byId('jump-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      menu.hidePopover();
      this.jump(Date.parse(this.instant(jump)));
    });
  }

  /** @param {HTMLElement} menu @param {Partial<View>} range */
  choose(menu, range) {
    menu.hidePopover();
    this.change(range);
  }

  /** Offers the range of a view to be changed. @param {View} view */
  fillTimes(view) {
    byId('time-from', HTMLInputElement).value = this.fieldOf(startOf(view, Date.now()));
    byId('time-to', HTMLInputElement).value = this.fieldOf(Date.parse(view.to) || 0);
  }

  /** A time as a field holds it. @param {number} ms 0 for none. */
  fieldOf(ms) {
    if (ms === 0) return '';
    const shift = this.isUtc ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
    return new Date(ms - shift).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  }

  /** What a field for local times or, by setting, for UTC holds. @param {HTMLInputElement} input */
  instant({ value }) {
    if (!value) return '';
    return new Date(this.isUtc ? `${value}Z` : value).toISOString();
  }

  /** @param {string} typed A leading minus excludes. */
  add(typed) {
    const excludes = typed.startsWith('-') && typed.length > 1;
    const text = excludes ? typed.slice(1) : typed;
    if (!text || !this.view) return;
    this.input.value = '';
    const isRegex = this.regex.getAttribute('aria-pressed') === 'true';
    this.addPattern(caseBlind(isRegex ? text : literalPattern(text), text), excludes);
  }

  /** @param {string} pattern @param {boolean} excludes */
  addPattern(pattern, excludes) {
    if (!this.view) return;
    const name = excludes ? 'exclude' : 'grep';
    if (!this.view[name].includes(pattern)) this.change({ [name]: [...this.view[name], pattern], find: '' });
  }

  /** Takes patterns that are no regular expressions as plain text. */
  takeLiterally() {
    if (this.view) this.change(withoutBadPatterns(this.view));
  }

  /** @param {View} view @param {Settings} settings */
  show(view, settings) {
    this.view = view;
    this.isUtc = settings.stamps === 'utc';
    byId('time-zone', HTMLElement).textContent = this.isUtc ? 'Times are UTC.' : `Times are local (${Intl.DateTimeFormat().resolvedOptions().timeZone}).`;
    this.level.value = view.level;
    this.stream.value = view.stream;
    this.level.classList.toggle('set', view.level !== '');
    this.stream.classList.toggle('set', view.stream !== '');
    this.fillTimes(view);
    this.time.textContent = `${rangeText(view, settings)} ▾`;
    this.time.classList.toggle('set', view.from + view.to !== '');
    showLogNames(this.pods, view.targets.map(writeTarget));
    this.chips.replaceChildren(...this.chipsOf(view));
    const isEmpty = view.targets.length === 0;
    for (const control of [this.input, this.regex, this.level, this.stream, this.time]) control.disabled = isEmpty;
  }

  /** @param {View} view */
  chipsOf(view) {
    const chips = [
      ...view.grep.map((pattern) => this.chip(`/${shown(pattern)}/`, 'including', { grep: without(view.grep, pattern) })),
      ...view.exclude.map((pattern) => this.chip(`not /${shown(pattern)}/`, 'excluding', { exclude: without(view.exclude, pattern) })),
      ...view.columns.map((path) => this.chip(`▥ ${path}`, 'column-chip', { columns: without(view.columns, path), place: view.place })),
    ];
    if (view.find) chips.push(this.chip(`find /${shown(view.find)}/ n N`, 'finding', { find: '', place: view.place }));
    return chips;
  }

  /** @param {string} text @param {string} kind @param {Partial<View>} changes What remains without it. */
  chip(text, kind, changes) {
    return element('button', { class: `chip ${kind}`, type: 'button', title: `Remove: ${text}`, click: () => this.change(changes) }, element('span', { class: 'chip-text' }, text), ' ✕');
  }
}

/** Lower case finds both cases. @param {string} pattern @param {string} typed */
function caseBlind(pattern, typed) {
  const hasUpper = typed !== typed.toLowerCase() || pattern.startsWith('(?');
  return hasUpper || typed.toUpperCase() === typed ? pattern : `(?i)${pattern}`;
}

/** @param {string} pattern */
function shown(pattern) {
  return pattern.replace(/^\(\?i\)/, '');
}

/** @param {string[]} list @param {string} one */
function without(list, one) {
  return list.filter((other) => other !== one);
}

/** @param {View} view @param {Settings} settings */
function rangeText({ from, to }, { stamps }) {
  const preset = PRESETS.find(([duration]) => duration === from);
  if (!to && preset) return preset[1];
  if (!to && isDuration(from)) return `last ${from}`;
  const now = Date.now();
  const text = (/** @type {string} */ time) => (time ? label(Date.parse(time), stamps, now) : '…');
  return `${text(from)} – ${to ? text(to) : 'now'}`;
}
