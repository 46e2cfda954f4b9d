import { type Span } from "./data/stream-data.ts";

/**
 * How the API reads `after` and `before`, which Dixa doesn't document: both count, neither counts, only the first,
 * or only the second.
 */
export type Bounds = "inclusive" | "exclusive" | "from" | "to";

export const BOUNDS: readonly Bounds[] = ["inclusive", "exclusive", "from", "to"];

/**
 * The half-open span that the two bounds stand for.
 *
 * @param unit what the API compares by, ms: 1, or 1000 if it drops fractions of a second
 */
export function spanOf(bounds: Bounds, after: number, before: number, unit = 1): Span {
  const isFirstOut = bounds === "exclusive" || bounds === "to";
  const isLastIn = bounds === "inclusive" || bounds === "to";
  const whole = (instant: number) => Math.floor(instant / unit) * unit;
  return { lo: whole(after) + (isFirstOut ? unit : 0), hi: whole(before) + (isLastIn ? unit : 0) };
}
