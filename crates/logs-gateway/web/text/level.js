/** Levels of lines: their numbers, and where a line shows its level. */

/** In order; the number of a level is its index. 0 is a line without one. */
export const LEVELS = ['none', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

const NUMBERS = new Map(LEVELS.map((name, number) => [name, number]));

/**
 * @param {string | undefined} name As the gateway writes it.
 * @returns {number} 0 for a name that is missing or unknown.
 */
export function levelNumber(name) {
  return (name !== undefined && NUMBERS.get(name)) || 0;
}

/** How far into a line its level word is looked for, in UTF-16 units. */
const REACH = 160;

/** The least level of a failure, below which an exception may stand. */
const FAILURE = levelNumber('warn');

/** The words for each level, by its number. */
const WORDS = ['', 'trace', 'debug', 'info|notice', 'warn(?:ing)?', 'err(?:or)?', 'fatal|crit(?:ical)?|alert|emerg|panic'].map(
  // A colour before the word ends with a letter.
  (words) => new RegExp(`(?:\\b|(?<=\\u001b\\[[0-9;]{0,20}m))(?:${words})\\b`, 'i'),
);

/**
 * Where a line shows its level as a word, so that the word can be coloured.
 *
 * @param {string} text
 * @param {number} level Its number, not 0.
 * @returns {[number, number] | null} In UTF-16 units.
 */
export function levelWord(text, level) {
  const found = WORDS[level].exec(text.length > REACH ? text.slice(0, REACH) : text);
  return found && [found.index, found.index + found[0].length];
}

/**
 * Whether a line continues the one before, by the gateway's rule for levels.
 *
 * @param {string} text
 */
export function continues(text) {
  const first = text.charCodeAt(0);
  return first === 32 || first === 9 || text.startsWith('at ') || text.startsWith('Caused by');
}

const EXCEPTION = /^(?:Traceback \(most recent call last\)|[A-Za-z][\w.$]*(?<=Exception|Error|Throwable)(?=:|$))/;

/**
 * Whether a line is the exception of a failure that the line before tells of, by the gateway's rule
 * for levels.
 *
 * @param {string} text
 * @param {number} levelBefore Of the line before.
 */
export function isExceptionOf(text, levelBefore) {
  return levelBefore >= FAILURE && EXCEPTION.test(text);
}
