/** A selection of text over rows that may not be on the page any more. */

/**
 * @typedef {object} SelectionEdge
 * @property {number} key Of the row.
 * @property {number} offset In UTF-16 units of what the row shows.
 */

/**
 * The text between two edges, a line a row.
 *
 * @param {SelectionEdge} one
 * @param {SelectionEdge} other
 * @param {(key: number) => string} shown What a row shows.
 * @param {number} [max] The most rows.
 */
export function selectedText(one, other, shown, max = 100_000) {
  const [from, to] = inOrder(one, other);
  if (from.key === to.key) return shown(from.key).slice(from.offset, to.offset);
  const lines = [shown(from.key).slice(from.offset)];
  for (let key = from.key + 1; key < to.key && lines.length < max; key += 1) lines.push(shown(key));
  lines.push(shown(to.key).slice(0, to.offset));
  return lines.join('\n');
}

/**
 * @param {SelectionEdge} one
 * @param {SelectionEdge} other
 * @returns {[SelectionEdge, SelectionEdge]}
 */
function inOrder(one, other) {
  const isBefore = one.key < other.key || (one.key === other.key && one.offset <= other.offset);
  return isBefore ? [one, other] : [other, one];
}
