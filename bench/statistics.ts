/** The middle value: these machines are noisy, and one slow run must not count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] = sorted.slice(
    sorted.length % 2 === 0 ? middle - 1 : middle,
    middle + 1,
  );
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}

/** A median with its spread: `1.23 [1.10–1.40]`. */
export function summary(values: readonly number[], digits = 2): string {
  const figure = (value: number) => value.toFixed(digits);
  return `${figure(median(values))} [${figure(Math.min(...values))}–${figure(Math.max(...values))}]`;
}
