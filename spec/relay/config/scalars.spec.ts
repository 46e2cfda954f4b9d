import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import {
  address,
  formatDuration,
  listenAddress,
  parseDuration,
  wholeNumber,
} from "../../../src/relay/config/scalars.ts";

describe("a duration", () => {
  test.each([
    ["0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["1.5m", 90_000],
    ["6h", 21_600_000],
    ["7d", 604_800_000],
    ["24d", 2_073_600_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([["30"], ["s"], ["30 s"], ["-1s"], ["1h30m"], ["1w"], ["Infinitys"], [""], ["25d"], ["1e3s"]])(
    "is not written %j",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test("is shown in the units in which it is written", () => {
    expect(formatDuration(90_000)).toBe("1m 30s");
    expect(formatDuration(0)).toBe("0s");
    expect(formatDuration(21_600_000)).toBe("6h");
    fc.assert(
      fc.property(fc.nat(2_073_600_000), (ms) => {
        const sum = formatDuration(ms)
          .split(" ")
          .reduce((total, part) => total + (parseDuration(part) ?? NaN), 0);
        expect(sum).toBe(ms);
      }),
    );
  });
});

describe("an address to listen on", () => {
  test.each([
    ["0.0.0.0:8080", { host: "0.0.0.0", port: 8080 }],
    ["localhost:0", { host: "localhost", port: 0 }],
    ["[::]:65535", { host: "::", port: 65_535 }],
  ])("%s", (text, expected) => {
    expect(listenAddress.parse(text)).toEqual(expected);
  });

  test.each([["8080"], [":8080"], ["::1:8080"], ["0.0.0.0:65536"], ["http://0.0.0.0:80"], [8080]])(
    "is not %j",
    (value) => {
      expect(listenAddress.safeParse(value).success).toBe(false);
    },
  );
});

test("an address loses the slash at its end, and may not hold credentials", () => {
  expect(address.parse("https://relay.example.com/")).toBe("https://relay.example.com");
  expect(address.parse("http://airbyte/api/public/v1/")).toBe("http://airbyte/api/public/v1");
  for (const wrong of ["relay.example.com", "https://a:b@c", "https://a?b", "https://a#b", "ftp://a", ""]) {
    expect(address.safeParse(wrong).success).toBe(false);
  }
});

test("a number may come as text, as it does from the environment", () => {
  const count = wholeNumber(1, 10);
  expect(count.parse("7")).toBe(7);
  expect(count.parse(7)).toBe(7);
  for (const wrong of ["", "7.5", 7.5, 0, 11, "x", null]) expect(count.safeParse(wrong).success).toBe(false);
});
