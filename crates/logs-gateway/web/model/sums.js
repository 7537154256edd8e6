/**
 * A number for each key, most of them zero, and the sums of ranges: quick among millions of keys,
 * since sums of blocks and of groups of blocks are kept.
 */

/** Keys of a block, and of a group, as powers of two. */
const BLOCK = 8;
const GROUP = 14;

export class Sums {
  constructor() {
    /** The numbers, in blocks. @type {Map<number, Float32Array>} */
    this.values = new Map();
    /** @type {Map<number, number>} */
    this.blocks = new Map();
    /** @type {Map<number, number>} */
    this.groups = new Map();
  }

  clear() {
    this.values.clear();
    this.blocks.clear();
    this.groups.clear();
  }

  /** @param {number} key An integer of 32 bits. */
  of(key) {
    return this.values.get(key >> BLOCK)?.[key & 255] ?? 0;
  }

  /** @param {number} key @param {number} value */
  set(key, value) {
    const number = key >> BLOCK;
    let block = this.values.get(number);
    const change = value - (block?.[key & 255] ?? 0);
    if (change === 0) return;
    if (!block) {
      block = new Float32Array(256);
      this.values.set(number, block);
    }
    block[key & 255] = value;
    this.add(number, change);
  }

  /** @param {number} number Of a block. @param {number} change */
  add(number, change) {
    const group = number >> (GROUP - BLOCK);
    this.blocks.set(number, (this.blocks.get(number) ?? 0) + change);
    this.groups.set(group, (this.groups.get(group) ?? 0) + change);
  }

  /** The sum of the keys from `from` up to `to`. @param {number} from @param {number} to */
  between(from, to) {
    if (this.values.size === 0) return 0;
    let sum = 0;
    let at = from;
    while (at < to) {
      const inGroup = 1 << GROUP;
      if ((at & (inGroup - 1)) === 0 && at + inGroup <= to) {
        sum += this.groups.get(at >> GROUP) ?? 0;
        at += inGroup;
      } else if ((at & 255) === 0 && at + 256 <= to) {
        sum += this.blocks.get(at >> BLOCK) ?? 0;
        at += 256;
      } else {
        const end = Math.min(to, ((at >> BLOCK) + 1) << BLOCK);
        sum += sumOf(this.values.get(at >> BLOCK), at, end);
        at = end;
      }
    }
    return sum;
  }

  /** Forgets the keys before `key`. @param {number} key */
  dropBefore(key) {
    for (const number of this.values.keys()) if (number < key >> BLOCK) this.drop(number);
    if (this.values.has(key >> BLOCK)) for (let at = (key >> BLOCK) << BLOCK; at < key; at += 1) this.set(at, 0);
  }

  /** Forgets the keys from `key` on. @param {number} key */
  dropFrom(key) {
    for (const number of this.values.keys()) if (number > key >> BLOCK) this.drop(number);
    if (this.values.has(key >> BLOCK)) for (let at = key; at >> BLOCK === key >> BLOCK; at += 1) this.set(at, 0);
  }

  /** @param {number} number Of a block. */
  drop(number) {
    this.add(number, -(this.blocks.get(number) ?? 0));
    this.values.delete(number);
    this.blocks.delete(number);
  }
}

/** @param {Float32Array | undefined} block @param {number} from @param {number} to Keys of the block. */
function sumOf(block, from, to) {
  let sum = 0;
  if (block) for (let at = from; at < to; at += 1) sum += block[at & 255];
  return sum;
}
