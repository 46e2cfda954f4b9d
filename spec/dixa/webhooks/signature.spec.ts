import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { sign, verifySignature } from "../../../src/dixa/webhooks/signature.ts";

const SECRET = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SIGNED_AT = 1_735_729_260_000;
const BODY = Buffer.from(
  '{"event_id":"e0000000-0000-4000-8000-000000000001","event_fqn":"CONVERSATION_CREATED","event_version":"1"}',
);
const MINUTE = 60_000;

/** Made with `printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$secret`. */
const HEADER = `t=${SIGNED_AT},v1=ef0d0a2d2ae0fae3c05476f6452d0c3ccae9e150115f163fa530037f58dd9372`;

function verify(more: Partial<Parameters<typeof verifySignature>[0]> = {}) {
  return verifySignature({ header: HEADER, body: BODY, secrets: [SECRET], now: SIGNED_AT + 1000, ...more });
}

describe("a webhook's signature", () => {
  test("holds when it was made with the hex-decoded secret over time and raw body", () => {
    expect(verify()).toEqual({ valid: true, signedAt: SIGNED_AT });
    expect(sign(SECRET, BODY, SIGNED_AT)).toBe(HEADER);
  });

  test("holds with any of several secrets, so that one can be exchanged without a gap", () => {
    expect(verify({ secrets: ["ffff", "not hex at all", SECRET] })).toMatchObject({ valid: true });
    expect(verify({ secrets: ["ffff"] })).toEqual({ valid: false, fault: "mismatch" });
    expect(verify({ secrets: [] })).toEqual({ valid: false, fault: "mismatch" });
  });

  test("takes a secret that is not hexadecimal by its characters", () => {
    const secret = "s3cr3t-of-odd-length!";
    expect(verify({ secrets: [secret], header: sign(secret, BODY, SIGNED_AT) })).toMatchObject({
      valid: true,
    });
    // An odd number of digits can't be bytes; decoding them anyway would quietly drop the last one.
    expect(sign("abc", BODY, SIGNED_AT)).not.toBe(sign("ab", BODY, SIGNED_AT));
  });

  test("covers every byte of the body, also those that JSON would not notice", () => {
    const spaced = Buffer.from(BODY.toString().replace(":", ": "));
    expect(verify({ body: spaced })).toEqual({ valid: false, fault: "mismatch" });
  });

  test("covers the time as it is written", () => {
    expect(verify({ header: HEADER.replace("t=", "t=0") })).toEqual({ valid: false, fault: "mismatch" });
  });

  test("may stand beside others, of another version or made with an older secret", () => {
    const other = sign("ffff", BODY, SIGNED_AT).split(",")[1]!;
    const [t, v1] = HEADER.split(",") as [string, string];
    expect(verify({ header: `${t}, ${other}, ${v1}` })).toMatchObject({ valid: true });
    expect(verify({ header: `v2=abc,${v1},${t}` })).toMatchObject({ valid: true });
    expect(verify({ header: HEADER.toUpperCase().replace("T=", "t=").replace("V1", "v1") })).toMatchObject({
      valid: true,
    });
  });

  test("of no age is refused, unless a limit is set", () => {
    const now = SIGNED_AT + 10 * MINUTE;
    expect(verify({ now })).toMatchObject({ valid: true });
    expect(verify({ now, maxAgeMs: 5 * MINUTE })).toEqual({ valid: false, fault: "expired" });
    expect(verify({ now, maxAgeMs: 10 * MINUTE })).toMatchObject({ valid: true });
  });

  test("may come from a clock that is five minutes ahead, and no more", () => {
    expect(verify({ now: SIGNED_AT - 5 * MINUTE })).toMatchObject({ valid: true });
    expect(verify({ now: SIGNED_AT - 5 * MINUTE - 1 })).toEqual({ valid: false, fault: "future" });
  });

  test("is not told to be old or early to somebody who doesn't know the secret", () => {
    const forged = sign("ffff", BODY, SIGNED_AT + 60 * MINUTE);
    expect(verify({ header: forged })).toEqual({ valid: false, fault: "mismatch" });
  });

  test.each([
    ["missing", undefined],
    ["missing", ""],
    ["malformed", "nonsense"],
    ["malformed", `t=${SIGNED_AT}`],
    ["malformed", "t=,v1="],
    ["malformed", `t=${SIGNED_AT},v1=abcd`],
    ["malformed", `t=${SIGNED_AT},v1=${"g".repeat(64)}`],
    ["malformed", `t=1e3,v1=${"a".repeat(64)}`],
    ["malformed", `t=${"9".repeat(400)},v1=${"a".repeat(64)}`],
    ["malformed", `t=1,t=2,v1=${"a".repeat(64)}`],
    [
      "mismatch",
      `t=${SIGNED_AT},${Array(1000)
        .fill(`v1=${"a".repeat(64)}`)
        .join(",")}`,
    ],
  ])("is %s in %j", (fault, header) => {
    expect(verify({ header })).toEqual({ valid: false, fault });
  });

  test("holds for whatever was signed, and for nothing else", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.stringMatching(/^.{1,80}$/),
        fc.nat(),
        (body, secret, t) => {
          const header = sign(secret, body, t);
          expect(verifySignature({ header, body, secrets: [secret], now: t })).toEqual({
            valid: true,
            signedAt: t,
          });
          const changed = Uint8Array.from([...body, 0]);
          expect(verifySignature({ header, body: changed, secrets: [secret], now: t }).valid).toBe(false);
        },
      ),
    );
  });

  test("never makes the check throw, whatever is sent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (header) => {
        expect(verify({ header }).valid).toBe(false);
      }),
    );
  });
});
