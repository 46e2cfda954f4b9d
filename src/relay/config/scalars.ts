import { z } from "zod";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** A timer that is set for longer fires at once (2^31 − 1 ms); no wait of the relay makes sense beyond. */
const LONGEST_MS = 2_147_483_647;

/** The duration as ms; undefined if it isn't written like `30s`. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ""] = DURATION.exec(text) ?? [];
  const factor = UNITS[unit];
  if (amount === undefined || factor === undefined) return undefined;
  const ms = Math.round(Number(amount) * factor);
  return ms <= LONGEST_MS ? ms : undefined;
}

/** `90000` → `1m 30s`. */
export function formatDuration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(ms));
  for (const [unit, factor] of Object.entries(UNITS).reverse()) {
    const amount = Math.floor(rest / factor);
    if (amount === 0) continue;
    parts.push(`${amount}${unit}`);
    rest -= amount * factor;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
}

const WANTED_DURATION =
  "must be a duration such as 500ms, 30s, 2m, 6h or 7d (a number and its unit, up to 24d)";

/** A duration, as ms. */
export const duration = z
  .string({ error: WANTED_DURATION })
  .trim()
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    context.issues.push({ code: "custom", message: WANTED_DURATION, input: text });
    return z.NEVER;
  });

/** A duration that lets something come to pass again and again. */
export const interval = duration.refine((ms) => ms >= 10, { error: "must be at least 10ms" });

/** Environment variables are text, so digits in quotes count as a number. */
function numeric(value: unknown): unknown {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(numeric, z.int({ error }).min(min, { error }).max(max, { error }));
}

export function positiveNumber(max: number) {
  const error = `must be a number above 0, up to ${max}`;
  return z.preprocess(numeric, z.number({ error }).positive({ error }).max(max, { error }));
}

export const uuid = z
  .uuid({ error: "must be a UUID, for example 7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e" })
  .toLowerCase();

export function text(remedy: string) {
  return z.string({ error: remedy }).trim().min(1, { error: remedy });
}

/** An http or https address without credentials in it, and without the slash at its end. */
export const address = z
  .string()
  .trim()
  .refine(
    (value) => {
      const url = URL.parse(value);
      return (
        (url?.protocol === "https:" || url?.protocol === "http:") &&
        url.username === "" &&
        url.password === "" &&
        url.search === "" &&
        url.hash === ""
      );
    },
    {
      error:
        "must be an https or http address without user name, query or #, such as https://relay.example.com",
    },
  )
  .transform((value) => value.replace(/\/+$/, ""));

const LISTEN = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/;
const WANTED_LISTEN = "must be host:port, such as 0.0.0.0:8080, 127.0.0.1:8080 or [::]:8080";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export const listenAddress = z.string({ error: WANTED_LISTEN }).transform((value, context): ListenAddress => {
  const [, ipv6, name, digits] = LISTEN.exec(value.trim()) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  context.issues.push({ code: "custom", message: WANTED_LISTEN, input: value });
  return z.NEVER;
});
