/** Places in a text, counted in bytes of UTF-8 by the gateway and in UTF-16 units by browsers. */

/**
 * Converts ranges of bytes to ranges of UTF-16 units.
 *
 * @param {string} text
 * @param {number[][]} ranges In order, each `[from, to]`.
 * @returns {number[][]}
 */
export function fromByteRanges(text, ranges) {
  const places = ranges.flat();
  /** @type {number[]} */
  const found = [];
  let bytes = 0;
  let at = 0;
  for (const place of places) {
    while (bytes < place && at < text.length) {
      const code = /** @type {number} */ (text.codePointAt(at));
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code < 0x10000 ? 1 : 2;
    }
    found.push(at);
  }
  return ranges.map((_, nth) => [found[2 * nth], found[2 * nth + 1]]);
}

/**
 * Decodes a message that is not UTF-8, and the ranges of bytes in it.
 *
 * @param {string} base64
 * @param {number[][]} ranges
 * @returns {{text: string, ranges: number[][]}}
 */
export function decodeBytes(base64, ranges) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const decoder = new TextDecoder();
  const lengthTo = (/** @type {number} */ end) => decoder.decode(bytes.subarray(0, end)).length;
  return {
    text: decoder.decode(bytes),
    ranges: ranges.map(([from, to]) => [lengthTo(from), lengthTo(to)]),
  };
}
