/** Numbers as people read them. */

const NUMBER = new Intl.NumberFormat('en');

/**
 * An exact number with separators: `12,345`.
 *
 * @param {number} value
 */
export function exact(value) {
  return NUMBER.format(value);
}

/**
 * A number with its noun: `1 line`, `2,000 lines`, `2.1 M lines`.
 *
 * @param {number} value
 * @param {string} noun
 * @param {string} [plural]
 */
export function counted(value, noun, plural = `${noun}s`) {
  const number = value < 1e6 ? exact(value) : `${(value / 1e6).toFixed(1)} M`;
  return `${number} ${value === 1 ? noun : plural}`;
}

/**
 * A size in decimal units: `812 B`, `4.2 KB`, `1.3 GB`.
 *
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
