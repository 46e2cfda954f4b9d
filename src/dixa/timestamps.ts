/**
 * The shapes in which Dixa writes an instant: `2020-12-16T09:41:43Z`, with a fraction, with `+00:00`, without a zone
 * (then UTC), and with the `[GMT]` that Java's ZonedDateTime appends (seen in the examples of Dixa's OpenAPI).
 */
const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?:\[[A-Za-z/_+-]+\])?$/;

/** An instant in any of Dixa's shapes as ms UTC, or undefined if the text is none. */
export function parseTimestamp(text: string): number | undefined {
  const parts = TIMESTAMP.exec(text);
  if (parts === null) return undefined;
  const [, date = "", time = "", fraction = "", zone = "Z"] = parts;
  const offset = zone === "Z" || zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const ms = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${offset}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The one form in which instants leave the connector: UTC, with milliseconds and `Z`. DuckDB and others drop an
 * offset instead of converting it, and refuse `[GMT]`. Digits beyond milliseconds are kept.
 *
 * @returns undefined if the text is no timestamp
 */
export function normalizeTimestamp(text: string): string | undefined {
  const ms = parseTimestamp(text);
  if (ms === undefined) return undefined;
  const beyond = /\.\d{3}(\d+)/.exec(text)?.[1] ?? "";
  return beyond === "" ? formatTimestamp(ms) : formatTimestamp(ms).replace("Z", `${beyond}Z`);
}

/** ms UTC as `2025-01-01T00:00:00.000Z`. */
export function formatTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** ms UTC, floored to the second, as `2025-01-01T00:00:00Z`: the form that the activity log is known to accept. */
export function formatSeconds(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
