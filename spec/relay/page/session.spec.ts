import { describe, expect, test } from "@jest/globals";

import { Sessions } from "../../../src/relay/page/session.ts";

const TOKEN = "admin-token-0123456789";
const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** What a browser sends back of a Set-Cookie header. */
function cookieOf(header: string): string {
  return header.split(";", 1)[0] ?? "";
}

describe("a session", () => {
  const sessions = new Sessions(TOKEN, false);
  const cookie = cookieOf(sessions.open(NOW));

  test("holds for twelve hours, on every replica with the same token", () => {
    expect(sessions.read(cookie, NOW + 11 * HOUR)).toBeDefined();
    expect(new Sessions(TOKEN, false).read(cookie, NOW)).toEqual(sessions.read(cookie, NOW));
    expect(sessions.read(cookie, NOW + 12 * HOUR)).toBeUndefined();
  });

  test("ends with the token that opened it", () => {
    expect(new Sessions("another-token-0123456789", false).read(cookie, NOW)).toBeUndefined();
  });

  test("is found among other cookies", () => {
    expect(sessions.read(`a=b; dixa_relay=nonsense; ${cookie}; c`, NOW)).toBeDefined();
  });

  test("has its own token for forms, which is not in the cookie", () => {
    const other = cookieOf(sessions.open(NOW));
    const csrf = sessions.read(cookie, NOW)?.csrf ?? "";
    expect(csrf).not.toBe(sessions.read(other, NOW)?.csrf);
    expect(cookie).not.toContain(csrf);
  });

  test("can't be made up or stretched", () => {
    const [name = "", value = ""] = cookie.split("=");
    const [end = "", nonce = "", signature = ""] = value.split(".");
    for (const forged of [
      `${Number(end) + HOUR}.${nonce}.${signature}`,
      `${end}.${nonce}.${"A".repeat(43)}`,
      `${end}.${nonce}`,
      `${end}.${"A".repeat(22)}.${signature}`,
      "",
      "..",
    ]) {
      expect(sessions.read(`${name}=${forged}`, NOW)).toBeUndefined();
    }
    expect(sessions.read(undefined, NOW)).toBeUndefined();
  });

  test("is out of reach for scripts and other sites, and goes over https only where there is https", () => {
    expect(sessions.open(NOW)).toMatch(/^dixa_relay=.*; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(new Sessions(TOKEN, true).open(NOW)).toMatch(
      /^__Host-dixa_relay=.*; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(sessions.close()).toMatch(/^dixa_relay=; .*Max-Age=0/);
  });
});
