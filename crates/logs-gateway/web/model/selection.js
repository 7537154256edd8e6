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
 * @param {(key: number) => string | null} shown What a row shows; null if it is not shown by itself.
 * @param {(key: number) => string | null} [whole] The text of a row that is selected as a whole, which
 *   may show less.
 * @param {number} [max] The most rows.
 */
export function selectedText(one, other, shown, whole = shown, max = 100_000) {
  const [from, to] = inOrder(one, other);
  const [first, last] = [shown(from.key) ?? '', shown(to.key) ?? ''];
  if (from.key === to.key) return first.slice(from.offset, to.offset);
  const lines = [from.offset === 0 ? (whole(from.key) ?? '') : first.slice(from.offset)];
  for (let key = from.key + 1; key < to.key && lines.length < max; key += 1) {
    const text = whole(key);
    if (text !== null) lines.push(text);
  }
  lines.push(to.offset > 0 && to.offset >= last.length ? (whole(to.key) ?? '') : last.slice(0, to.offset));
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
