/** A span of time in words: `45 s`, `2 min`, `3 h`. */
export function describeDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** A window in words: `2024-01-01T00:00:00Z to 2024-02-01T00:00:00Z`, with milliseconds only where there are any. */
export function describeWindow(lo: number, hi: number): string {
  return `${describeInstant(lo)} to ${describeInstant(hi)}`;
}

/** ms UTC as ISO 8601, with milliseconds only where there are any. */
export function describeInstant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
