/**
 * Heights of rows. Most have the base height; what others have beyond it is kept, summed up in
 * blocks of rows, so that places are found quickly among millions.
 */

const SHIFT = 8;

export class Heights {
  /** @param {number} base In pixels. */
  constructor(base) {
    this.base = base;
    /** What rows have beyond the base height, in blocks. @type {Map<number, {sum: number, rows: Map<number, number>}>} */
    this.blocks = new Map();
  }

  clear() {
    this.blocks.clear();
  }

  /**
   * @param {number} key
   * @param {number} height In pixels.
   * @returns {boolean} Whether it is new.
   */
  set(key, height) {
    const extra = height - this.base;
    const block = this.blocks.get(key >> SHIFT);
    const before = block?.rows.get(key) ?? 0;
    if (Math.abs(extra - before) < 0.5) return false;
    const into = block ?? { sum: 0, rows: new Map() };
    into.sum += extra - before;
    if (extra === 0) into.rows.delete(key);
    else into.rows.set(key, extra);
    if (into.rows.size === 0) this.blocks.delete(key >> SHIFT);
    else this.blocks.set(key >> SHIFT, into);
    return true;
  }

  /** @param {number} key */
  of(key) {
    return this.base + (this.blocks.get(key >> SHIFT)?.rows.get(key) ?? 0);
  }

  /**
   * The height of the rows from `first` up to `key`.
   *
   * @param {number} first
   * @param {number} key
   */
  between(first, key) {
    let height = (key - first) * this.base;
    if (this.blocks.size === 0) return height;
    const [low, high] = [first >> SHIFT, key >> SHIFT];
    for (const [number, block] of this.blocks) {
      if (number > low && number < high) height += block.sum;
      else if (number === low || number === high) height += partOf(block.rows, first, key);
    }
    return height;
  }

  /**
   * The row at a height, and how far into it that is.
   *
   * @param {number} first
   * @param {number} end
   * @param {number} height Above it, in pixels.
   * @returns {{key: number, inside: number}}
   */
  at(first, end, height) {
    if (this.blocks.size === 0) {
      const key = Math.max(first, Math.min(end - 1, first + Math.floor(height / this.base)));
      return { key, inside: height - (key - first) * this.base };
    }
    let low = first;
    let high = Math.max(first, end - 1);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.between(first, middle) <= height) low = middle;
      else high = middle - 1;
    }
    return { key: low, inside: height - this.between(first, low) };
  }

  /** Forgets rows before `first`. @param {number} first */
  dropBefore(first) {
    for (const number of this.blocks.keys()) {
      if (number < first >> SHIFT) this.blocks.delete(number);
    }
  }
}

/** @param {Map<number, number>} rows @param {number} first @param {number} key */
function partOf(rows, first, key) {
  let sum = 0;
  for (const [row, extra] of rows) if (row >= first && row < key) sum += extra;
  return sum;
}
