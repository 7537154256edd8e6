/** The status line, the pill and what stands in place of an empty list. */

import { status } from '../model/status.js';
import { byId } from './dom.js';

/** @import { Remedy } from '../model/problems.js' */
/** @import { StatusInput } from '../model/status.js' */

/** @type {Record<Exclude<Remedy, ''>, string>} */
const REMEDIES = {
  'log-in': 'Log in again',
  renew: 'Stay logged in',
  retry: 'Try now',
  pods: 'Choose logs',
  'all-containers': 'Show all containers',
  live: 'Go to the newest lines',
  filter: 'Search for it literally',
};

export class StatusLine {
  /** @param {(remedy: Remedy) => void} remedied */
  constructor(remedied) {
    this.dot = byId('dot', HTMLElement);
    this.text = byId('status', HTMLElement);
    this.facts = byId('facts', HTMLElement);
    this.button = byId('remedy', HTMLButtonElement);
    /** @type {Remedy} */
    this.remedy = '';
    this.button.addEventListener('click', () => remedied(this.remedy));
  }

  /** @param {StatusInput} input */
  show(input) {
    const { tone, text, facts, remedy } = status(input, Date.now());
    this.dot.className = `dot ${tone}`;
    setText(this.text, text);
    setText(this.facts, facts.map((fact) => `· ${fact}`).join(' '));
    this.remedy = remedy;
    this.button.hidden = remedy === '';
    if (remedy !== '') setText(this.button, REMEDIES[remedy]);
  }
}

/** A live region is read aloud when its text is set, so the same text is not set again. @param {HTMLElement} into @param {string} text */
function setText(into, text) {
  if (into.textContent !== text) into.textContent = text;
}
