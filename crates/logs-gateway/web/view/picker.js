/** Picks logs: filtered as one types, the keyboard first. */

import { targetsOfAll } from '../model/pod_list.js';
import { writeTarget } from '../model/view.js';
import { counted, size } from '../text/quantity.js';
import { ago } from '../text/time.js';
import { byId, element } from './dom.js';

/** @import { Choice, PodList } from '../model/pod_list.js' */
/** @import { RecentView } from '../model/local_store.js' */
/** @import { Target } from '../model/view.js' */

/** The most logs that are listed; typing finds the others. */
const MAX_SHOWN = 100;

/**
 * @typedef {object} PickerEvents
 * @property {(targets: Target[]) => void} picked
 * @property {() => RecentView[]} recent
 */

export class Picker {
  /** @param {PodList} pods @param {PickerEvents} events */
  constructor(pods, events) {
    this.pods = pods;
    this.events = events;
    this.dialog = byId('picker', HTMLDialogElement);
    this.input = byId('picker-input', HTMLInputElement);
    this.list = byId('picker-list', HTMLElement);
    this.words = byId('picker-words', HTMLElement);
    this.recent = byId('picker-recent', HTMLElement);
    this.openButton = byId('picker-open', HTMLButtonElement);
    this.allButton = byId('picker-all', HTMLButtonElement);
    /** @type {Choice[]} */
    this.choices = [];
    this.active = 0;
    /** The choice that keys went to, which stays chosen while others come. */
    this.chosen = '';
    /** A pointer is down on the list: it must not change below that. */
    this.isPressed = false;
    /** Logs that are open, or picked to be opened together, by their names. @type {Map<string, Target>} */
    this.picked = new Map();
    /** Logs were added to those that are open, or taken away. */
    this.isChanged = false;
    /** What to say in place of the list. */
    this.trouble = '';
    /** How many logs the gateway merges. */
    this.maxLogs = 1;
    this.listen();
  }

  listen() {
    this.input.addEventListener('input', () => {
      this.active = 0;
      this.chosen = '';
      this.draw();
    });
    this.list.addEventListener('pointerdown', () => (this.isPressed = true));
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, () => setTimeout(() => (this.isPressed = false)));
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.list.addEventListener('click', (event) => this.clicked(event));
    this.openButton.addEventListener('click', () => this.openPicked());
    this.allButton.addEventListener('click', () => this.pick(targetsOfAll(this.choices)));
  }

  /** @param {Target[]} targets Those that are open now. */
  show(targets) {
    this.picked = new Map(targets.map((target) => [writeTarget(target), target]));
    this.isChanged = false;
    this.input.value = '';
    this.active = 0;
    this.chosen = '';
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
    this.input.focus();
  }

  /** Offers to open several logs together. @param {number} maxLogs */
  allowMerging(maxLogs) {
    this.maxLogs = maxLogs;
    byId('picker-merge', HTMLElement).hidden = false;
  }

  get canMerge() {
    return this.maxLogs > 1;
  }

  get isOpen() {
    return this.dialog.open;
  }

  close() {
    this.dialog.close();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 });
    if (event.key in steps) {
      this.active = Math.max(0, Math.min(this.choices.length - 1, this.active + steps[event.key]));
      this.chosen = this.nameAt(this.active);
      this.draw();
    } else if (event.key === 'Enter') {
      const choice = this.choices[this.active];
      if (event.ctrlKey || event.metaKey || event.shiftKey) this.toggle(choice);
      else if (this.isChanged) this.openPicked(choice);
      else if (choice) this.pick([choice.target]);
    } else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const row = target.closest('[role=option]');
    const choice = this.choices[[...this.list.children].indexOf(/** @type {Element} */ (row))];
    if (!choice) return;
    if (target.closest('.add') || event.ctrlKey || event.metaKey || event.shiftKey) this.toggle(choice);
    else this.pick([choice.target]);
  }

  /** @param {Choice | undefined} choice */
  toggle(choice) {
    if (!choice || !this.canMerge) return;
    const name = writeTarget(choice.target);
    if (!this.picked.delete(name)) this.picked.set(name, choice.target);
    this.isChanged = true;
    this.draw();
  }

  /** @param {Choice} [choice] One more. */
  openPicked(choice) {
    if (choice && this.input.value) this.picked.set(writeTarget(choice.target), choice.target);
    this.pick([...this.picked.values()]);
  }

  /** @param {Target[]} targets */
  pick(targets) {
    if (targets.length === 0) return;
    this.close();
    this.events.picked(targets);
  }

  /** The pods have changed. */
  refresh() {
    if (this.isOpen && !this.isPressed) this.draw();
  }

  /** @param {number} nth */
  nameAt(nth) {
    const choice = this.choices[nth];
    return choice ? writeTarget(choice.target) : '';
  }

  draw() {
    const now = Date.now();
    this.choices = this.trouble ? [] : this.pods.choices(this.input.value, MAX_SHOWN);
    const chosen = this.chosen ? this.choices.findIndex(({ target }) => writeTarget(target) === this.chosen) : -1;
    this.active = Math.min(chosen < 0 ? this.active : chosen, Math.max(0, this.choices.length - 1));
    this.list.replaceChildren(...this.choices.map((choice, nth) => this.option(choice, nth, now)));
    this.list.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
    if (this.choices.length > 0) this.input.setAttribute('aria-activedescendant', `choice-${this.active}`);
    else this.input.removeAttribute('aria-activedescendant');
    this.words.textContent = this.sentence();
    this.openButton.hidden = !this.isChanged || this.picked.size === 0;
    this.openButton.textContent = `Open ${counted(this.picked.size, 'log')} together`;
    const all = this.input.value ? targetsOfAll(this.choices).length : 0;
    this.allButton.hidden = this.isChanged || all < 2 || all > this.maxLogs;
    this.allButton.textContent = `Open all ${all} together`;
    this.drawRecent();
  }

  sentence() {
    if (this.trouble) return this.trouble;
    if (this.pods.pods.size === 0) return this.pods.isSynced ? 'There is no log that you may read.' : 'reading the list of pods…';
    if (this.choices.length === 0) return `No log fits “${this.input.value}”.`;
    return this.choices.length === MAX_SHOWN ? `The ${MAX_SHOWN} best; type to find others.` : '';
  }

  /** @param {Choice} choice @param {number} nth @param {number} now */
  option(choice, nth, now) {
    const { namespace, pod, container } = choice.target;
    const isPicked = this.picked.has(writeTarget(choice.target));
    const isPattern = /[*?]/.test(namespace + pod);
    const all = isPattern ? `${counted(choice.containers, 'log')}, and those that start later` : `all ${choice.containers} containers`;
    const what = container === '*' ? all : container;
    const facts = [
      choice.restarts > 0 ? counted(choice.restarts, 'restart') : '',
      size(choice.size),
      choice.lastWrite > 0 ? ago(now - choice.lastWrite) : '',
    ];
    return element(
      'div',
      { role: 'option', id: `choice-${nth}`, 'aria-selected': String(nth === this.active), class: isPicked ? 'picked' : '' },
      element('span', { class: 'choice-name' }, element('span', { class: 'namespace' }, `${namespace}/`), pod, element('span', { class: 'container' }, ` ▸ ${what}`)),
      element('span', { class: 'choice-facts' }, facts.filter(Boolean).join(' · ')),
      ...(this.canMerge ? [element('span', { class: 'add', title: 'Open together with others (Shift+Enter)' }, isPicked ? '✓' : '+')] : []),
    );
  }

  drawRecent() {
    const views = this.input.value || this.trouble ? [] : this.events.recent();
    const links = views.map(({ url, title }) => element('li', {}, element('a', { href: url }, title)));
    this.recent.hidden = links.length === 0;
    this.recent.querySelector('ul')?.replaceChildren(...links);
  }
}
