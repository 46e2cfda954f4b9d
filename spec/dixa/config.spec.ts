import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { describeIssues } from "../../src/airbyte/protocol/issues.ts";
import { configSchema, type DixaConfig, toDixaConfig } from "../../src/dixa/config.ts";
import { toPrivacy } from "../../src/dixa/privacy.ts";

const DAY_MS = 86_400_000;
const LEAST = { api_token: "token-abc", start_date: "2024-01-31" };

function parse(more: Record<string, unknown> = {}): DixaConfig {
  return toDixaConfig(configSchema.parse({ ...LEAST, ...more }));
}

/** What is said about a configuration that isn't accepted. */
function complaint(json: unknown): string {
  const parsed = configSchema.safeParse(json);
  return parsed.success ? "none" : describeIssues(parsed.error, json);
}

describe("a configuration", () => {
  test("of token and start date is enough; the rest has its defaults", () => {
    expect(parse()).toEqual({
      apiToken: "token-abc",
      start: Date.UTC(2024, 0, 31),
      end: undefined,
      rollingWindow: undefined,
      days: { exports: 31, activityLog: 90 },
      lookback: 3_600_000,
      workers: 4,
      exportsRequestsPerMinute: 10,
      apiRequestsPerSecond: 10,
      exportsUrl: "https://exports.dixa.io",
      apiUrl: "https://dev.dixa.io",
      privacy: toPrivacy(undefined),
    });
  });

  test("comes in the units of the program", () => {
    expect(
      parse({
        start_date: "2024-02-29T12:30:15Z",
        end_date: "2024-03-01",
        rolling_window_days: 7,
        batch_size: 1,
        activity_log_batch_size: 30,
        lookback_minutes: 0,
        num_workers: 16,
      }),
    ).toMatchObject({
      start: Date.UTC(2024, 1, 29, 12, 30, 15),
      end: Date.UTC(2024, 2, 1),
      rollingWindow: 7 * DAY_MS,
      days: { exports: 1, activityLog: 30 },
      lookback: 0,
      workers: 16,
    });
  });

  test("of Airbyte's own Dixa source is taken as it is", () => {
    expect(parse({ batch_size: 31, start_date: "2021-07-01" })).toMatchObject({
      start: Date.UTC(2021, 6, 1),
      days: { exports: 31 },
    });
  });

  test("may have blanks around its texts, as they come with pasting", () => {
    expect(
      parse({ api_token: " token-abc\n", start_date: " 2024-01-31 ", api_url: " https://a.test " }),
    ).toMatchObject({
      apiToken: "token-abc",
      start: Date.UTC(2024, 0, 31),
      apiUrl: "https://a.test",
    });
  });

  test("may have fields that are not known", () => {
    expect(complaint({ ...LEAST, page_size: 10, __injected_declarative_manifest: {} })).toBe("none");
  });

  test.each([
    "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e",
    "7F0C3F0E-6A0E-4D1C-9A54-0A4F5C1B2D3E",
    // Made up by hand: no version of UUID, and a name all the same.
    "11111111-1111-1111-1111-111111111111",
  ])("may have the credential id %s", (id) => {
    expect(complaint({ ...LEAST, credential_id: id })).toBe("none");
  });

  test("has every day and second that exists as its date", () => {
    const instants = fc.date({
      min: new Date("2000-01-01Z"),
      max: new Date("2099-12-31Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, (date) => {
        const text = date.toISOString();
        expect(parse({ start_date: text.slice(0, 10) }).start).toBe(Date.parse(text.slice(0, 10)));
        const seconds = `${text.slice(0, 19)}Z`;
        expect(parse({ end_date: seconds }).end).toBe(Date.parse(seconds));
      }),
    );
  });
});

const NO_DATE =
  "must be a date that exists, written YYYY-MM-DD or YYYY-MM-DDTHH:mm:ssZ (UTC), for example 2024-01-31";
const NO_ORIGIN =
  "must be an https address without path or credentials, for example https://proxy.example.com (http only for this machine)";
const NO_TOKEN = "must be one word of plain letters, digits and signs: copy the token again";

describe("a configuration is refused, with the field, what was found and what is wanted,", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["without a token", { api_token: undefined }, "api_token is missing, but must be a string"],
    ["with null for a token", { api_token: null }, "api_token is null, but must be a string"],
    ["with a number for a token", { api_token: 5 }, "api_token is an integer, but must be a string"],
    [
      "with an empty token",
      { api_token: "" },
      "api_token is an empty string, but must not be empty: paste the token from Dixa, Settings > Integrations > API tokens",
    ],
    [
      "with a token of blanks",
      { api_token: "  " },
      "api_token is a string of 2 characters, but must not be empty: paste the token from Dixa, Settings > Integrations > API tokens",
    ],
    [
      "with a line break in the token",
      { api_token: "a\nb" },
      `api_token is a string of 3 characters, but ${NO_TOKEN}`,
    ],
    [
      "with a token of other letters",
      { api_token: "tøken" },
      `api_token is a string of 5 characters, but ${NO_TOKEN}`,
    ],
    ["without a start date", { start_date: undefined }, "start_date is missing, but must be a string"],
    ["with a number for a date", { start_date: 20240131 }, "start_date is an integer, but must be a string"],
    [
      "with 30 February",
      { start_date: "2024-02-30" },
      `start_date is a string of 10 characters, but ${NO_DATE}`,
    ],
    [
      "with 29 February 2023",
      { end_date: "2023-02-29" },
      `end_date is a string of 10 characters, but ${NO_DATE}`,
    ],
    [
      "with month 13",
      { start_date: "2024-13-01" },
      `start_date is a string of 10 characters, but ${NO_DATE}`,
    ],
    [
      "with hour 24",
      { start_date: "2024-01-01T24:00:00Z" },
      `start_date is a string of 20 characters, but ${NO_DATE}`,
    ],
    [
      "with second 60",
      { start_date: "2024-01-01T23:59:60Z" },
      `start_date is a string of 20 characters, but ${NO_DATE}`,
    ],
    [
      "with an offset",
      { start_date: "2024-01-01T00:00:00+01:00" },
      `start_date is a string of 25 characters, but ${NO_DATE}`,
    ],
    [
      "with a day first",
      { start_date: "31-01-2024" },
      `start_date is a string of 10 characters, but ${NO_DATE}`,
    ],
    ["with a word for a date", { end_date: "today" }, `end_date is a string of 5 characters, but ${NO_DATE}`],
    ["with an empty end date", { end_date: "" }, `end_date is an empty string, but ${NO_DATE}`],
    [
      "with no day to roll",
      { rolling_window_days: 0 },
      "rolling_window_days is an integer, but must be at least 1",
    ],
    ["with 0 days a request", { batch_size: 0 }, "batch_size is an integer, but must be at least 1"],
    ["with 32 days a request", { batch_size: 32 }, "batch_size is an integer, but must be at most 31"],
    [
      "with half a day",
      { batch_size: 0.5 },
      "batch_size is a number with a fraction, but must be a whole number",
    ],
    [
      "with a number in quotes",
      { batch_size: "31" },
      "batch_size is a string of 2 characters, but must be a number",
    ],
    [
      "with 91 days a query",
      { activity_log_batch_size: 91 },
      "activity_log_batch_size is an integer, but must be at most 90",
    ],
    [
      "with a lookback into the future",
      { lookback_minutes: -1 },
      "lookback_minutes is an integer, but must be at least 0",
    ],
    ["with 17 workers", { num_workers: 17 }, "num_workers is an integer, but must be at most 16"],
    ["with true for a number", { num_workers: true }, "num_workers is true or false, but must be a number"],
    [
      "with no request a minute",
      { exports_requests_per_minute: 0 },
      "exports_requests_per_minute is an integer, but must be at least 1",
    ],
    [
      "with 6001 requests a minute",
      { exports_requests_per_minute: 6001 },
      "exports_requests_per_minute is an integer, but must be at most 6000",
    ],
    [
      "with 1001 requests a second",
      { api_requests_per_second: 1001 },
      "api_requests_per_second is an integer, but must be at most 1000",
    ],
    [
      "with a credential id that is no UUID",
      { credential_id: "dixa-eu" },
      "credential_id is a string of 7 characters, but must be a UUID, for example 7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e",
    ],
    [
      "with a list for an address",
      { api_url: ["https://a.test"] },
      "api_url is a list of 1, but must be a string",
    ],
    [
      "with plain HTTP to elsewhere",
      { api_url: "http://a.test" },
      `api_url is a string of 13 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with a path in an address",
      { exports_url: "https://a.test/v1" },
      `exports_url is a string of 17 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with a query in an address",
      { exports_url: "https://a.test?x" },
      `exports_url is a string of 16 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with a user in an address",
      { exports_url: "https://u@a.test" },
      `exports_url is a string of 16 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with a password in an address",
      { exports_url: "https://:p@a.test" },
      `exports_url is a string of 17 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with another scheme",
      { api_url: "ftp://a.test" },
      `api_url is a string of 12 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with a bare name for an address",
      { api_url: "a.test" },
      `api_url is a string of 6 characters, but ${NO_ORIGIN}`,
    ],
    [
      "with several mistakes, all at once",
      { api_token: undefined, batch_size: 99 },
      "api_token is missing, but must be a string; batch_size is an integer, but must be at most 31",
    ],
  ])("%s", (_, more, message) => {
    const json = Object.fromEntries(
      Object.entries<unknown>({ ...LEAST, ...more }).filter(([, value]) => value !== undefined),
    );
    expect(complaint(json)).toBe(message);
  });

  test.each([
    ["a list", [LEAST], "it is a list of 1, but must be an object"],
    ["null", null, "it is null, but must be an object"],
    ["a text", "token-abc", "it is a string of 9 characters, but must be an object"],
    ["a number", 7, "it is an integer, but must be an object"],
  ])("when it is %s", (_, json, message) => {
    expect(complaint(json)).toBe(message);
  });

  test("and what was found is never quoted: it may be a secret in the wrong place", () => {
    const secret = "s3cr3t-in-the-wrong-place";
    const places = Object.keys(configSchema.shape).filter((key) => key !== "api_token");
    for (const key of places) expect(complaint({ ...LEAST, [key]: secret })).not.toContain(secret);
    expect(complaint({ ...LEAST, start_date: { [`x${secret}`.slice(0, 3)]: secret } })).not.toContain(secret);
  });
});

test.each([
  "http://127.0.0.1:8080",
  "http://localhost:1",
  "http://[::1]:9",
  "https://a.test/",
  "https://a.test:8443",
])("the address %s is accepted", (url) => {
  expect(parse({ api_url: url, exports_url: url })).toMatchObject({ apiUrl: url, exportsUrl: url });
});
