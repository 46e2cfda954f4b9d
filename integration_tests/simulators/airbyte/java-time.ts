/** As `OffsetDateTime.toString()` prints an instant of whole seconds in UTC: seconds that are zero are left out. */
export function offsetDateTime(ms: number): string {
  const text = new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
  return text.endsWith(":00Z") ? `${text.slice(0, -4)}Z` : text;
}

/** As `Duration.toString()` prints whole seconds: `PT8H6M12S`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "H"],
    [Math.floor((seconds % 3600) / 60), "M"],
    [seconds % 60, "S"],
  ] as const;
  const text = parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join("");
  return `PT${text === "" ? "0S" : text}`;
}
