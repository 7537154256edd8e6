/** Lines that are JSON objects: folded to a readable line, unfolded to fields. */

/**
 * @typedef {object} JsonLine
 * @property {string} message The text of the line; empty if the object has none.
 * @property {[string, unknown][]} fields What is beside message, level and time, in order.
 */

/** The longest line that is taken apart, in UTF-16 units. */
const MAX_LENGTH = 64 * 1024;
/** How many characters of fields a folded line shows. */
const FOLDED_FIELDS = 160;

const MESSAGES = ['message', 'msg', 'text', 'event', 'log'];
const TIMES = new Set(['time', 'ts', 'timestamp', '@timestamp', 't']);
const LEVELS = new Set(['level', 'severity', 'lvl', 'loglevel']);

/**
 * @param {string} text
 * @returns {JsonLine | null} Null if the line is no JSON object.
 */
export function parseJsonLine(text) {
  if (text.charCodeAt(0) !== 123 || text.length > MAX_LENGTH) return null;
  if (!text.trimEnd().endsWith('}')) return null;
  const object = parsed(text);
  if (object === null || typeof object !== 'object') return null;
  const name = MESSAGES.find((name) => typeof object[name] === 'string');
  const fields = Object.entries(object).filter(
    ([field]) => field !== name && !TIMES.has(field) && !LEVELS.has(field),
  );
  return { message: name === undefined ? '' : String(object[name]), fields };
}

/** @param {string} text @returns {Record<string, unknown> | null} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The fields in a line: `{status: 504, route: "/cart", …}`.
 *
 * @param {[string, unknown][]} fields
 */
export function foldedFields(fields) {
  if (fields.length === 0) return '';
  let text = '';
  for (const [name, value] of fields) {
    const next = `${text ? ', ' : ''}${name}: ${shortValue(value)}`;
    if (text.length + next.length > FOLDED_FIELDS) return `{${text}${text ? ', ' : ''}…}`;
    text += next;
  }
  return `{${text}}`;
}

/** A value as text; the names of an object are without quotes. @param {unknown} value @returns {string} */
function shortValue(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  return foldedFields(Object.entries(value)) || '{}';
}

/**
 * A field by its path, as a column shows it.
 *
 * @param {[string, unknown][]} fields
 * @param {string} path Names joined by dots.
 */
export function fieldText(fields, path) {
  const whole = fields.find(([name]) => name === path);
  /** @type {unknown} */
  let value = whole ? whole[1] : Object.fromEntries(fields);
  if (!whole) {
    for (const name of path.split('.')) {
      value = /** @type {Record<string, unknown> | undefined} */ (value)?.[name];
    }
  }
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const SPECIAL = /[\\^$.*+?()[\]{}|/#&~-]/g;

/**
 * Makes a regular expression that matches a text literally.
 *
 * @param {string} text
 */
export function literalPattern(text) {
  return text.replace(SPECIAL, '\\$&');
}

/**
 * A regular expression for lines in which a field has a value.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function fieldPattern(name, value) {
  return `${literalPattern(JSON.stringify(name))}\\s*:\\s*${literalPattern(JSON.stringify(value))}`;
}
