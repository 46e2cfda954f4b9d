/** Something that happened, and when, ms UTC. */
export interface Moment {
  at: number;
  what: string;
}

/** One line a moment, with the seconds since the first. */
export function timeline(moments: readonly Moment[]): string {
  const sorted = moments.toSorted((a, b) => a.at - b.at);
  const start = sorted[0]?.at ?? 0;
  return sorted.map(({ at, what }) => `  ${seconds(at - start).padStart(9)}  ${what}`).join("\n");
}

/** `1234` → `1.234 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
