import { z } from "zod";

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/;
export const DATE_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$";
export const DATE_FORM = "YYYY-MM-DD or YYYY-MM-DDTHH:mm:ssZ";

/** A date of the configuration as ms UTC; undefined if there is no such date (30 February). */
export function parseDate(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  // Date.parse turns 30 February into 1 March.
  return new Date(ms).toISOString().startsWith(text.replace("Z", "")) ? ms : undefined;
}

export const date = z
  .string()
  .trim()
  .refine((text) => parseDate(text) !== undefined, {
    error: `must be a date that exists, written ${DATE_FORM} (UTC), for example 2024-01-31`,
  });

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Plain HTTP would send the token in the clear; on loopback it can't leave the machine. */
export const origin = z
  .string()
  .trim()
  .refine(
    (text) => {
      const url = URL.parse(text);
      if (url?.username !== "" || url.password !== "") return false;
      const bare = url.pathname === "/" && url.search === "" && url.hash === "";
      return bare && (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname)));
    },
    {
      error:
        "must be an https address without path or credentials, for example https://proxy.example.com " +
        "(http only for this machine)",
    },
  );
