/**
 * Characters that would not show themselves, or would rearrange what is around them.
 *
 * Log text reaches the page as text nodes only, so nothing in it is markup. What remains are control
 * characters, which get visible glyphs, and bidirectional controls, which get names.
 */

/** Bidirectional controls, and marks without a width. */
const NAMES = new Map([
  [0x061c, 'ALM'],
  [0x200b, 'ZWSP'],
  [0x200e, 'LRM'],
  [0x200f, 'RLM'],
  [0x2028, 'LS'],
  [0x2029, 'PS'],
  [0x202a, 'LRE'],
  [0x202b, 'RLE'],
  [0x202c, 'PDF'],
  [0x202d, 'LRO'],
  [0x202e, 'RLO'],
  [0x2060, 'WJ'],
  [0x2066, 'LRI'],
  [0x2067, 'RLI'],
  [0x2068, 'FSI'],
  [0x2069, 'PDI'],
  [0xfeff, 'BOM'],
]);

// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/;

/**
 * Whether a text contains anything that `glyph` replaces.
 *
 * @param {string} text
 */
export function hasHidden(text) {
  return HIDDEN.test(text);
}

/**
 * What is shown in place of a hidden character.
 *
 * @param {number} code A code point that `HIDDEN` matches.
 */
function glyph(code) {
  const name = NAMES.get(code);
  if (name !== undefined) return `⟨${name}⟩`;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `⟨${code.toString(16).toUpperCase()}⟩`;
}

/**
 * Splits a text into what is shown as it is, and glyphs.
 *
 * @param {string} text
 * @returns {{text: string, isGlyph: boolean}[]}
 */
export function visibleParts(text) {
  if (!hasHidden(text)) return [{ text, isGlyph: false }];
  /** @type {{text: string, isGlyph: boolean}[]} */
  const parts = [];
  let plain = '';
  let glyphs = '';
  const flush = () => {
    if (plain) parts.push({ text: plain, isGlyph: false });
    if (glyphs) parts.push({ text: glyphs, isGlyph: true });
    plain = '';
    glyphs = '';
  };
  for (const character of text) {
    if (HIDDEN.test(character)) {
      if (plain) flush();
      glyphs += glyph(/** @type {number} */ (character.codePointAt(0)));
    } else {
      if (glyphs) flush();
      plain += character;
    }
  }
  flush();
  return parts;
}
