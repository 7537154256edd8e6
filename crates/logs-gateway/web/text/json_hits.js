/** What matched in a line of JSON, found again in what is shown of the line. */

import { joinMarks } from './segments.js';

/** @import { Mark } from './segments.js' */

/** The most places that are marked. */
const MAX_MARKS = 32;

/**
 * The different texts that matched.
 *
 * @param {string} text The line.
 * @param {number[][]} hits In UTF-16 units.
 */
export function matchedTexts(text, hits) {
  return [...new Set(hits.map(([from, to]) => text.slice(from, to)))].filter(Boolean);
}

/**
 * Where a text shows what matched.
 *
 * @param {string} shown
 * @param {string[]} matches
 * @returns {{marks: Mark[], found: Set<string>}} The places, in order and without overlaps, and what was found.
 */
export function matchMarks(shown, matches) {
  /** @type {Mark[]} */
  let marks = [];
  /** @type {Set<string>} */
  const found = new Set();
  for (const match of matches) {
    const form = formsOf(match).find((form) => form !== '' && shown.includes(form));
    if (form === undefined) continue;
    found.add(match);
    marks = joinMarks(marks, placesOf(shown, form));
  }
  return { marks, found };
}

/** @param {string} shown @param {string} form @returns {Mark[]} */
function placesOf(shown, form) {
  const places = [];
  for (let at = shown.indexOf(form); at >= 0 && places.length < MAX_MARKS; at = shown.indexOf(form, at + form.length)) {
    places.push({ from: at, to: at + form.length, style: 'hit' });
  }
  return places;
}

/** As what a match may be shown: as it is, without escapes, as a field, as the value of one. @param {string} match */
function formsOf(match) {
  const forms = [match, unescaped(match)];
  const field = /^"([^"\\]*)"\s*:\s*(.+)$/s.exec(match);
  if (field) forms.push(`${field[1]}: ${field[2]}`, unescaped(field[2].replace(/^"(.*)"$/s, '$1')));
  return forms;
}

/** @param {string} text A part of a string of JSON. */
function unescaped(text) {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
