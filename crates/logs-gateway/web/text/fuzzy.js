/** How well a name fits what a person types. */

/**
 * Scores a name by words, each of which must be in it: as a whole, or letter by letter in order.
 *
 * @param {string} name In lower case.
 * @param {string[]} words In lower case.
 * @returns {number} 0 if a word is missing; more is better.
 */
export function fit(name, words) {
  let score = 1;
  for (const word of words) {
    const one = fitWord(name, word);
    if (one === 0) return 0;
    score += one;
  }
  return score;
}

/** @param {string} name @param {string} word */
function fitWord(name, word) {
  const at = name.indexOf(word);
  if (at >= 0) {
    const begins = at === 0 || !/[a-z0-9]/.test(name[at - 1]);
    return 100 + (begins ? 50 : 0) - Math.min(at, 40);
  }
  let from = 0;
  let jumps = 0;
  for (const letter of word) {
    const found = name.indexOf(letter, from);
    if (found < 0) return 0;
    if (found > from) jumps += 1;
    from = found + 1;
  }
  return Math.max(1, 40 - 5 * jumps);
}

/**
 * The words of what was typed.
 *
 * @param {string} typed
 */
export function words(typed) {
  return typed.toLowerCase().split(/[\s/]+/).filter(Boolean);
}
