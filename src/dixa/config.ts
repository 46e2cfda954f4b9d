import { z } from "zod";

import { date, DATE_FORM, DATE_PATTERN, origin, parseDate } from "./config-scalars.ts";
import { type Privacy, privacySchema, toPrivacy } from "./privacy.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The connection specification: what a person fills in, and what `spec` prints. */
export const configSchema = z.object({
  api_token: z
    .string()
    .trim()
    .min(1, { error: "must not be empty: paste the token from Dixa, Settings > Integrations > API tokens" })
    // Anything else can't be sent in a header.
    .refine((text) => /^[!-~]*$/.test(text), {
      error: "must be one word of plain letters, digits and signs: copy the token again",
    })
    .meta({
      title: "API token",
      description:
        "Made by an admin in Dixa under Settings > Integrations > API tokens, with “Dixa API” as the API version " +
        "(tokens of the old “Integrations API” do not work).",
      airbyte_secret: true,
      order: 0,
    }),
  start_date: date.meta({
    title: "Start date",
    description: "Rows that were changed before this instant (UTC) are not read.",
    pattern: DATE_PATTERN,
    pattern_descriptor: DATE_FORM,
    examples: ["2024-01-01", "2024-01-01T00:00:00Z"],
    order: 1,
  }),
  end_date: date.optional().meta({
    title: "End date",
    description:
      "Stop before this instant (UTC), for back-fills. A plain date means its first moment: 2025-01-01 ends with " +
      "31 December 2024. Empty: read up to now.",
    pattern: DATE_PATTERN,
    pattern_descriptor: DATE_FORM,
    examples: ["2025-01-01"],
    order: 2,
  }),
  rolling_window_days: z
    .int()
    .min(1)
    .optional()
    .meta({
      title: "Rolling window (days)",
      description: "Read only the last so many days. The later of this and the start date counts.",
      examples: [90],
      order: 3,
    }),
  batch_size: z
    .int()
    .min(1)
    .max(31)
    .default(31)
    .meta({
      title: "Days per Exports request",
      description: "Dixa accepts at most 31. A smaller number means smaller steps and more requests.",
      examples: [31],
      order: 4,
    }),
  activity_log_batch_size: z
    .int()
    .min(1)
    .max(90)
    .default(90)
    .meta({
      title: "Days per activity-log query",
      description: "Dixa reaches at most 90 days with one query.",
      examples: [90],
      order: 5,
    }),
  lookback_minutes: z
    .int()
    .min(0)
    .default(60)
    .meta({
      title: "Lookback (minutes)",
      description:
        "An incremental sync reads so many minutes before its cursor again, for rows that Dixa shows late. " +
        "The destination removes the doubles by primary key.",
      examples: [60],
      order: 6,
    }),
  credential_id: z
    .guid()
    .optional()
    .meta({
      title: "Credential id",
      description:
        "A UUID of your choice, not a secret. Webhook relays find every connection that shares this token by it.",
      examples: ["7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e"],
      order: 7,
    }),
  num_workers: z
    .int()
    .min(1)
    .max(16)
    .default(4)
    .meta({
      title: "Slices in flight",
      description: "How many slices are read at the same time, over all streams.",
      examples: [4],
      order: 8,
    }),
  exports_requests_per_minute: z
    .int()
    .min(1)
    .max(6000)
    .default(10)
    .meta({
      title: "Exports requests a minute",
      description:
        "Dixa allows 10. Lower it when other programs use this token, raise it when Dixa raised your limit.",
      examples: [10],
      order: 9,
    }),
  api_requests_per_second: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .meta({
      title: "Dixa API requests a second",
      description:
        "Dixa allows 10. Lower it when other programs use this token, raise it when Dixa raised your limit.",
      examples: [10],
      order: 10,
    }),
  privacy: privacySchema.optional().meta({
    title: "Privacy",
    description:
      "What is to leave of personal data. As soon as a kind is not kept, fields that this connector does not know do " +
      "not leave either.",
    examples: [{ message_text: "drop", notes: "drop", rating_comments: "drop" }],
    order: 11,
  }),
  exports_url: origin.default("https://exports.dixa.io").meta({
    title: "Exports API address",
    description: "For tests and proxies.",
    airbyte_hidden: true,
    examples: ["https://exports.dixa.io"],
    order: 12,
  }),
  api_url: origin.default("https://dev.dixa.io").meta({
    title: "Dixa API address",
    description: "For tests and proxies.",
    airbyte_hidden: true,
    examples: ["https://dev.dixa.io"],
    order: 13,
  }),
});

/** The configuration in the units of the program: instants and spans in ms UTC. */
export interface DixaConfig {
  apiToken: string;
  start: number;
  end: number | undefined;
  rollingWindow: number | undefined;
  days: { exports: number; activityLog: number };
  lookback: number;
  workers: number;
  exportsRequestsPerMinute: number;
  apiRequestsPerSecond: number;
  exportsUrl: string;
  apiUrl: string;
  privacy: Privacy;
}

/** A checked configuration in the units of the program. */
export function toDixaConfig(raw: z.output<typeof configSchema>): DixaConfig {
  return {
    apiToken: raw.api_token,
    start: parseDate(raw.start_date) ?? Number.NaN,
    end: raw.end_date === undefined ? undefined : parseDate(raw.end_date),
    rollingWindow: raw.rolling_window_days === undefined ? undefined : raw.rolling_window_days * DAY_MS,
    days: { exports: raw.batch_size, activityLog: raw.activity_log_batch_size },
    lookback: raw.lookback_minutes * MINUTE_MS,
    workers: raw.num_workers,
    exportsRequestsPerMinute: raw.exports_requests_per_minute,
    apiRequestsPerSecond: raw.api_requests_per_second,
    exportsUrl: raw.exports_url,
    apiUrl: raw.api_url,
    privacy: toPrivacy(raw.privacy),
  };
}
