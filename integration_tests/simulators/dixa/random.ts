/** A number in [0, 1) that depends on the arguments alone, so that row 1,000,000 needs no rows before it. */
export function unit(seed: number, index: number, salt: number): number {
  return hash(seed, index, salt) / 0x1_0000_0000;
}

/** 32 bits that depend on the arguments alone. */
export function hash(seed: number, index: number, salt: number): number {
  let h =
    Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index, 0xc2b2ae35) ^ Math.imul(salt, 0x27d4eb2f);
  h ^= Math.floor(index / 0x1_0000_0000);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A generator of numbers in [0, 1), for what happens one after the other, such as faults. */
export function generator(seed: number): () => number {
  let count = 0;
  return () => unit(seed, count++, 77);
}

/** One of the items, by a number in [0, 1). */
export function pick<T>(items: readonly T[], at: number): T {
  const item = items[Math.floor(at * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/**
 * The numbers from 0 to `size − 1` in an order that looks random, computed one at a time and never kept: a shuffle
 * of millions costs no memory.
 */
export function* shuffled(size: number, seed: number): Generator<number, void, undefined> {
  let step = (hash(seed, size, 5) % Math.max(1, size)) | 1;
  while (greatestCommonDivisor(step, size) !== 1) step += 2;
  let at = size === 0 ? 0 : hash(seed, size, 6) % size;
  for (let count = 0; count < size; count++) {
    yield at;
    at = (at + step) % size;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
