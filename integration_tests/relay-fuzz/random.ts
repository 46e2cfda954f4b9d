/** In [0, 1), the same for the same seed. */
export type Random = () => number;

/** Mulberry32: small, and good enough to make trouble. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

export function integer(random: Random, lowest: number, highest: number): number {
  return lowest + Math.floor(random() * (highest - lowest + 1));
}

/** Lower-case hexadecimal digits. */
export function hex(random: Random, length: number): string {
  return Array.from({ length }, () => integer(random, 0, 15).toString(16)).join("");
}

/** Visible characters that may stand in a header or a path. */
export function text(random: Random, longest: number): string {
  const length = integer(random, 1, longest);
  return Array.from({ length }, () => String.fromCharCode(integer(random, 0x21, 0x7e))).join("");
}
