/** The fields of an unfolded JSON line, each with what can be done with it. */

import { visibleParts } from '../text/escape.js';
import { element } from './dom.js';

/** @import { JsonLine } from '../text/json_line.js' */

/** The most fields that are shown, at all depths. */
const MAX_FIELDS = 200;

/**
 * @typedef {object} Field
 * @property {string} path Names from the outermost object on, joined by dots.
 * @property {string} name
 * @property {unknown} value
 *
 * @typedef {(action: 'include' | 'exclude' | 'pin', field: Field) => void} FieldAction
 */

/**
 * @param {JsonLine} json
 * @param {FieldAction} act
 */
export function fieldList(json, act) {
  const list = element('span', { class: 'fields' });
  const left = { count: MAX_FIELDS };
  appendFields(list, json.fields, '', left, act);
  if (left.count <= 0) list.append(element('span', { class: 'more' }, '… more fields are in the raw line'));
  return list;
}

/**
 * @param {HTMLElement} list
 * @param {[string, unknown][]} fields
 * @param {string} prefix Of their paths.
 * @param {{count: number}} left
 * @param {FieldAction} act
 */
function appendFields(list, fields, prefix, left, act) {
  for (const [name, value] of fields) {
    left.count -= 1;
    if (left.count <= 0) return;
    const path = prefix + name;
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0) {
      appendFields(list, Object.entries(value), `${path}.`, left, act);
    } else {
      list.append(fieldRow({ path, name, value }, act));
    }
  }
}

/** @param {Field} field @param {FieldAction} act */
function fieldRow(field, act) {
  const { path, value } = field;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const shown = visibleParts(text).map((part) => part.text).join('');
  const button = (/** @type {string} */ sign, /** @type {string} */ title, /** @type {'include' | 'exclude' | 'pin'} */ action) =>
    element('button', { class: 'field-button', type: 'button', title, click: () => act(action, field) }, sign);
  const shownValue = element(
    'button',
    { class: 'field-value', type: 'button', title: `Only lines with ${path} = ${shown.slice(0, 80)}`, click: () => act('include', field) },
    shown.slice(0, 10_000),
  );
  return element(
    'span',
    { class: 'field' },
    element('span', { class: 'field-name' }, path),
    shownValue,
    button('−', `No lines with this ${path}`, 'exclude'),
    button('⊞', `Show ${path} as a column`, 'pin'),
  );
}
