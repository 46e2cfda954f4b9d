import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { BodyError, HttpStatusError, NetworkError } from "../../src/http/errors.ts";
import {
  decideRetry,
  type FailureCounts,
  noFailures,
  parseRetryAfter,
  type RetryDecision,
} from "../../src/http/retry-policy.ts";

const LIMITS = { maxFailures: 8, maxBodyFailures: 2 };
const WINDOW_MS = 61_000;

const status = (code: number, retryAfterMs?: number) =>
  new HttpStatusError("GET https://x.test/", { status: code, bodyText: "", retryAfterMs });
const network = (code: string, wasStale = false) => new NetworkError(code, `failed: ${code}`, { wasStale });
const cut = () => new BodyError("truncated", "broke off");

/** Decisions on the same failure again and again, without chance. */
function decisions(error: unknown, times: number, counts = noFailures()): RetryDecision[] {
  return Array.from({ length: times }, () => decideRetry(error, counts, LIMITS, WINDOW_MS, 0));
}

function delays(error: unknown, times: number): (number | "fail")[] {
  return decisions(error, times).map((decision) => (decision.action === "retry" ? decision.delayMs : "fail"));
}

describe("what is sent again", () => {
  test.each([
    ["429", status(429), "rate_limited"],
    ["408", status(408), "server"],
    ["425", status(425), "server"],
    ["500", status(500), "server"],
    ["502", status(502), "server"],
    ["503", status(503), "server"],
    ["504", status(504), "server"],
    ["599", status(599), "server"],
    ["a refused connection", network("ECONNREFUSED"), "network"],
    ["an unknown name", network("ENOTFOUND"), "network"],
    ["headers that took too long", network("ERR_HEADERS_TIMEOUT"), "network"],
    ["a body that broke off", cut(), "body"],
    ["a body that stalled", new BodyError("stalled", "no byte"), "body"],
    ["a body that is no JSON", new BodyError("malformed", "no array"), "body"],
  ])("%s", (_, error, reason) => {
    expect(decisions(error, 1)[0]).toMatchObject({ action: "retry", reason });
  });

  test.each([
    ["400", status(400)],
    ["401", status(401)],
    ["403", status(403)],
    ["404", status(404)],
    ["410", status(410)],
    ["422", status(422)],
    ["an answer that is no failure (304)", status(304)],
    ["a redirect that can't be followed", network("ERR_REDIRECT")],
    ["a proxy that wants a password", network("ERR_PROXY_REFUSED_407")],
    ...[
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "CERT_HAS_EXPIRED",
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ].map((code): [string, unknown] => [`a certificate that isn't trusted (${code})`, network(code)]),
    ["a header that can't be sent", network("ERR_INVALID_CHAR")],
    ["an error of the caller's own", new Error("mine")],
    ["something that is no error", "text"],
  ])("but not %s", (_, error) => {
    expect(decisions(error, 1)[0]).toEqual({ action: "fail", error });
  });
});

describe("how long it waits", () => {
  test("doubles from one second to one minute for servers and networks, and gives up at the eighth failure", () => {
    const doubling = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, "fail"];
    expect(delays(status(503), 8)).toEqual(doubling);
    expect(delays(network("ECONNREFUSED"), 8)).toEqual(doubling);
  });

  test("gives up at the second body that broke off, or answer that took too long, together", () => {
    expect(delays(cut(), 2)).toEqual([1000, "fail"]);
    expect(delays(status(408), 2)).toEqual([1000, "fail"]);
    const counts = noFailures();
    decisions(cut(), 1, counts);
    expect(decisions(network("ERR_HEADERS_TIMEOUT"), 1, counts)[0]?.action).toBe("fail");
  });

  test("counts each kind of failure for itself", () => {
    const counts = noFailures();
    decisions(status(500), 7, counts);
    decisions(status(429), 5, counts);
    expect(decisions(cut(), 1, counts)[0]?.action).toBe("retry");
    expect(decisions(status(500), 1, counts)[0]?.action).toBe("fail");
  });

  test("gives up on a rate limit when it has held everybody up for as long as it may", () => {
    const limits = { ...LIMITS, rateLimitLeftMs: 40_000 };
    const hour = status(429, 3_600_000);
    expect(decideRetry(hour, noFailures(), limits, WINDOW_MS, 0.9)).toMatchObject({ delayMs: 40_000 });
    const over = { ...LIMITS, rateLimitLeftMs: 0 };
    expect(decideRetry(hour, noFailures(), over, WINDOW_MS, 0)).toEqual({ action: "fail", error: hour });
  });

  test("never gives up on a rate limit by itself, and waits for the API's window, then longer up to five minutes", () => {
    expect(delays(status(429), 5)).toEqual([61_000, 122_000, 244_000, 300_000, 300_000]);
    expect(delays(status(429), 2000).at(-1)).toBe(300_000);
    const longWindow = decideRetry(status(429), noFailures(), LIMITS, 3_600_000, 0);
    expect(longWindow).toMatchObject({ delayMs: 3_600_000 });
  });

  test("forgives one kept-alive connection that was found closed, at once and without counting it", () => {
    const counts = noFailures();
    expect(decideRetry(network("ECONNRESET", true), counts, LIMITS, WINDOW_MS, 0.9)).toEqual({
      action: "retry",
      reason: "network",
      delayMs: 0,
    });
    expect(counts.other).toBe(0);
    expect(decideRetry(network("ECONNRESET", true), counts, LIMITS, WINDOW_MS, 0)).toMatchObject({
      delayMs: 1000,
    });
  });

  test("waits a second where a server asks for no wait at all", () => {
    expect(delays(status(429, 0), 3)).toEqual([1000, 1000, 1000]);
    expect(delays(status(503, 0), 2)).toEqual([1000, 1000]);
  });
});

describe("for any failures in any order", () => {
  const retryAfterMs = fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined });
  const failure = fc.oneof(
    fc.tuple(fc.constantFrom(429, 408, 500, 503, 504), retryAfterMs).map(([code, ms]) => status(code, ms)),
    fc.constantFrom(network("ECONNRESET", true), network("ENOTFOUND"), network("ERR_HEADERS_TIMEOUT"), cut()),
  );
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  function forAll(check: (error: unknown, decision: RetryDecision, chance: number) => void) {
    fc.assert(
      fc.property(fc.array(fc.tuple(failure, random), { maxLength: 20 }), (failures) => {
        const counts = noFailures();
        for (const [error, chance] of failures) {
          check(error, decideRetry(error, counts, LIMITS, WINDOW_MS, chance), chance);
        }
      }),
      { numRuns: 500 },
    );
  }

  test("it never comes back earlier than asked, or than an hour when asked for more", () => {
    forAll((error, decision) => {
      if (decision.action !== "retry" || !(error instanceof HttpStatusError)) return;
      if (error.retryAfterMs === undefined) return;
      expect(decision.delayMs).toBeGreaterThanOrEqual(Math.min(error.retryAfterMs, 3_600_000));
    });
  });

  test("no wait is longer than an hour and its jitter, and none shorter than a second but the forgiven one", () => {
    let forgiven = 0;
    forAll((error, decision) => {
      if (decision.action !== "retry") return;
      expect(decision.delayMs).toBeLessThanOrEqual(3_960_001);
      if (decision.delayMs === 0) {
        expect(error).toMatchObject({ wasStale: true });
        forgiven++;
      } else expect(decision.delayMs).toBeGreaterThanOrEqual(1000);
    });
    expect(forgiven).toBeGreaterThan(0);
  });

  test("the failures that end a request are as many as the limits say", () => {
    fc.assert(
      fc.property(fc.array(failure, { maxLength: 30 }), (failures) => {
        const counts: FailureCounts = noFailures();
        for (const error of failures) {
          const { action } = decideRetry(error, counts, LIMITS, WINDOW_MS, 0.5);
          if (action === "fail") {
            expect(counts.body === LIMITS.maxBodyFailures || counts.other === LIMITS.maxFailures).toBe(true);
            return;
          }
          expect(counts.body).toBeLessThan(LIMITS.maxBodyFailures);
          expect(counts.other).toBeLessThan(LIMITS.maxFailures);
        }
      }),
    );
  });

  test("chance makes a wait longer by a tenth at most, and never shorter", () => {
    const spread = [0, 0.5, 0.99].map((chance) =>
      decideRetry(status(429), noFailures(), LIMITS, 10_000, chance),
    );
    expect(spread.map((decision) => (decision.action === "retry" ? decision.delayMs : 0))).toEqual([
      10_000, 10_500, 10_990,
    ]);
  });
});

describe("a Retry-After header", () => {
  const NOW = Date.UTC(2025, 5, 1, 12, 0, 0);

  test.each([
    ["is missing", null, undefined],
    ["gives seconds", "30", 30_000],
    ["gives a fraction of a second", "0.0015", 2],
    ["has spaces around it", " 7 ", 7000],
    ["gives no time at all", "0", 0],
    ["gives a date", "Sun, 01 Jun 2025 12:01:30 GMT", 90_000],
    ["gives a date of the old form", "Sunday, 01-Jun-25 12:01:30 GMT", 90_000],
    ["gives a date that has passed", "Sun, 01 Jun 2025 11:00:00 GMT", 0],
    ["gives seconds with their unit", "12 seconds", undefined],
    ["gives a negative number", "-5", undefined],
    ["is empty", "", undefined],
    ["is a word", "soon", undefined],
    ["is a number in words that look like a date", "in 5 minutes", undefined],
  ])("that %s", (_, header, wanted) => {
    expect(parseRetryAfter(header, NOW)).toBe(wanted);
  });

  test("is read for any number of seconds and any date", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (seconds) => {
        expect(parseRetryAfter(String(seconds), NOW)).toBe(seconds * 1000);
        expect(parseRetryAfter(new Date(NOW + seconds * 1000).toUTCString(), NOW)).toBe(seconds * 1000);
      }),
    );
  });
});
