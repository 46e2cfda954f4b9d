/**
 * The shapes in which Dixa writes an instant: `2020-12-16T09:41:43Z`, with a fraction, with `+00:00`, without a zone
 * (then UTC), and with the `[GMT]` that Java's ZonedDateTime appends (seen in the examples of Dixa's OpenAPI). Java leaves
 * the seconds out where they are zero.
 */
const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?(?:\[([A-Za-z0-9/_+-]+)\])?$/i;
const EPOCH_MILLISECONDS = /^\d{12,13}$/;
const EPOCH_SECONDS = /^(\d{10})(?:\.(\d+))?$/;
/** Names of zones that say what their offset is; behind an offset a name says nothing more. */
const NAMES_OF_UTC = /^(GMT|UTC|UT|Z)$/i;

/** An instant in any of Dixa's shapes as ms UTC, or undefined if the text is none. */
export function parseTimestamp(text: string): number | undefined {
  const parts = TIMESTAMP.exec(text);
  if (parts === null) return undefined;
  const [, date = "", time = "", seconds = "00", fraction = "", written, name] = parts;
  if (written === undefined && name !== undefined && !NAMES_OF_UTC.test(name)) return undefined;
  const zone = (written ?? "Z").toUpperCase();
  const offset = zone === "Z" || zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  // `Date.parse` turns 30 February into 1 March.
  if (!existsDay(date)) return undefined;
  const ms = Date.parse(`${date}T${time}:${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}${offset}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * An instant that is written as a number, as ms UTC: milliseconds since 1970, as Dixa's Exports API writes instants, or
 * seconds with or without a fraction, as Java writes them unless told otherwise. Undefined for numbers that would be
 * neither from 2001 to 2286 in the one nor from 1973 to 2286 in the other: what they mean can't be told.
 *
 * @param digits the number as JSON has it
 */
export function parseEpoch(digits: string): number | undefined {
  if (EPOCH_MILLISECONDS.test(digits)) return Number(digits);
  const [, seconds, fraction = ""] = EPOCH_SECONDS.exec(digits) ?? [];
  return seconds === undefined
    ? undefined
    : Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
}

function existsDay(date: string): boolean {
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
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
