/** Words of 32 bits an entry takes: three that identify the row, one with its second (plus 1; 0 marks a free place). */
const WORDS = 4;
const FULLEST = 0.75;
/**
 * The rows are spread over so many tables, which grow one at a time. One table would be copied as a whole, and freeing
 * megabytes at once makes the C library's allocator keep that much more of all memory that is freed later.
 */
const TABLES = 256;
const FEWEST_PLACES = 16;

/**
 * The rows of one slice that are already out, so that a retry skips them. A row is an id together with a cursor
 * value: the same conversation with a newer `updated_at` is another row.
 *
 * A slice can have a million rows, so these are open-addressing tables of 16 bytes a row rather than a `Set` of
 * strings. Integer ids are kept exactly; other ids as a fingerprint of 96 bits, which a million rows make collide
 * with odds of 1 in 10^17.
 */
export class RowSet {
  readonly #base: number;
  readonly #tables = Array.from({ length: TABLES }, () => new RowTable());
  readonly #entry = new Uint32Array(WORDS);

  /** @param base the slice's start, ms UTC */
  constructor(base: number) {
    this.#base = base;
  }

  get size(): number {
    return this.#tables.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Adds a row with an integer id below 2^53.
   *
   * @returns false if it was there already
   */
  addInteger(id: number, cursor: number): boolean {
    const entry = this.#entry;
    entry[0] = id >>> 0;
    entry[1] = Math.floor(id / 0x1_0000_0000);
    entry[2] = cursor >>> 0;
    return this.#add(cursor);
  }

  /**
   * Adds a row whose id is given as bytes of its JSON text.
   *
   * @returns false if it was there already
   */
  addBytes(buffer: Buffer, start: number, end: number, cursor: number): boolean {
    let a = 0x811c9dc5;
    let b = 0x9747b28c;
    let c = 0x1b873593 ^ cursor;
    for (let i = start; i < end; i++) {
      const byte = buffer[i]!;
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul((b << 5) ^ (b >>> 27) ^ byte, 0x85ebca6b);
      c = Math.imul((c << 13) ^ (c >>> 19) ^ byte, 0xcc9e2d51);
    }
    const entry = this.#entry;
    entry[0] = avalanche(a);
    entry[1] = avalanche(b ^ entry[0]);
    entry[2] = avalanche(c ^ cursor);
    return this.#add(cursor);
  }

  /** Forgets the rows whose whole second lies before `hi` (ms UTC), once their part of the slice is finished. */
  prune(hi: number): void {
    const limit = Math.floor((hi - this.#base) / 1000);
    for (const table of this.#tables) table.prune(limit);
  }

  #add(cursor: number): boolean {
    const entry = this.#entry;
    entry[3] = Math.max(0, Math.floor((cursor - this.#base) / 1000)) + 1;
    const hash = hashOf(entry[0]!, entry[1]!, entry[2]!);
    return this.#tables[hash >>> 24]!.add(entry, hash);
  }
}

class RowTable {
  size = 0;
  #table = new Uint32Array(FEWEST_PLACES * WORDS);
  #capacity = FEWEST_PLACES;

  add(entry: Uint32Array, hash: number): boolean {
    if (this.size >= this.#capacity * FULLEST) this.#rebuild(this.#capacity * 2, 0);
    const at = this.#place(entry[0]!, entry[1]!, entry[2]!, entry[3]!, hash);
    if (this.#table[at + 3] !== 0) return false;
    this.#table.set(entry, at);
    this.size++;
    return true;
  }

  prune(limit: number): void {
    const old = this.#table;
    let kept = 0;
    for (let at = 3; at < old.length; at += WORDS) if (old[at]! > limit) kept++;
    this.#rebuild(capacityFor(kept), limit);
  }

  /** Offset of the place that holds the entry, or of the free place where it belongs. */
  #place(a: number, b: number, c: number, second: number, hash: number): number {
    const table = this.#table;
    const mask = this.#capacity - 1;
    let slot = hash & mask;
    for (;;) {
      const at = slot * WORDS;
      if (table[at + 3] === 0) return at;
      if (table[at] === a && table[at + 1] === b && table[at + 2] === c && table[at + 3] === second)
        return at;
      slot = (slot + 1) & mask;
    }
  }

  #rebuild(capacity: number, limit: number): void {
    const old = this.#table;
    this.#table = new Uint32Array(capacity * WORDS);
    this.#capacity = capacity;
    this.size = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 3]! <= limit) continue;
      const [a, b, c] = [old[at]!, old[at + 1]!, old[at + 2]!];
      const place = this.#place(a, b, c, old[at + 3]!, hashOf(a, b, c));
      this.#table.set(old.subarray(at, at + WORDS), place);
      this.size++;
    }
  }
}

function hashOf(a: number, b: number, c: number): number {
  return avalanche(a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca6b));
}

function capacityFor(size: number): number {
  let capacity = FEWEST_PLACES;
  while (size >= capacity * FULLEST) capacity *= 2;
  return capacity;
}

/** Spreads each input bit over all 32 output bits (the finaliser of MurmurHash3, public domain). */
function avalanche(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
