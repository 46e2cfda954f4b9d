import { expect, test } from "@jest/globals";

import { LoginLimit } from "../../../src/relay/page/login-limit.ts";

test("an address has to wait after ten failures in a minute, and no other has", () => {
  const limit = new LoginLimit();
  for (let time = 0; time < 10; time++) {
    expect(limit.waitOf("a", 1000)).toBe(0);
    limit.failed("a", 1000);
  }
  expect(limit.waitOf("a", 11_000)).toBe(50_000);
  expect(limit.waitOf("b", 11_000)).toBe(0);
  expect(limit.waitOf("a", 61_000)).toBe(0);
  // A clock that was set back locks nobody out.
  expect(limit.waitOf("a", 0)).toBe(0);
});
