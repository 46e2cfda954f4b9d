import { describe, expect, test } from "@jest/globals";

import { describeIssues } from "../../src/airbyte/protocol/issues.ts";
import { configSchema, toDixaConfig } from "../../src/dixa/config.ts";
import { isRestricted, type Privacy, treatmentOf } from "../../src/dixa/privacy.ts";

const SECRET = "0123456789abcdef";
const LEAST = { api_token: "token-abc", start_date: "2024-01-31" };

function parse(privacy?: unknown): Privacy {
  return toDixaConfig(configSchema.parse({ ...LEAST, privacy })).privacy;
}

/** What is said about a `privacy` that isn't accepted. */
function complaint(privacy: unknown): string {
  const json = { ...LEAST, privacy };
  const parsed = configSchema.safeParse(json);
  return parsed.success ? "none" : describeIssues(parsed.error, json);
}

test.each([[undefined], [{}], [{ names: "keep", pseudonym_secret: "" }], [{ pseudonym_secret: SECRET }]])(
  "with %j everything is kept",
  (privacy) => {
    expect(isRestricted(parse(privacy))).toBe(false);
  },
);

test("each kind has a treatment of its own", () => {
  const privacy = parse({ names: "pseudonymize", notes: "drop", pseudonym_secret: ` ${SECRET}\n` });
  expect(privacy.treatments).toEqual({
    ...{ names: "pseudonymize", email_addresses: "keep", phone_numbers: "keep" },
    ...{ message_text: "keep", notes: "drop", rating_comments: "keep" },
  });
  expect([isRestricted(privacy), privacy.secret]).toEqual([true, SECRET]);
});

test("a field of several kinds gets the strictest treatment of them", () => {
  const privacy = parse({ names: "pseudonymize", notes: "drop", pseudonym_secret: SECRET });
  expect(treatmentOf(privacy, [])).toBe("keep");
  expect(treatmentOf(privacy, ["email_addresses"])).toBe("keep");
  expect(treatmentOf(privacy, ["email_addresses", "names"])).toBe("pseudonymize");
  expect(treatmentOf(privacy, ["notes", "names"])).toBe("drop");
});

describe("what can't be meant is refused:", () => {
  const SECRET_WANTED = "must be 16 characters or more: make one up, for example with openssl rand -hex 32";

  test.each<[string, unknown, string]>([
    ["another form", "drop", "privacy is a string of 4 characters, but must be an object"],
    [
      "an unknown kind",
      { surnames: "drop" },
      "privacy.surnames is a string of 4 characters, but there is no such kind of personal data. There are names, " +
        "email_addresses, phone_numbers, message_text, notes, rating_comments",
    ],
    [
      "an unknown treatment",
      { names: "hash" },
      "privacy.names is a string of 4 characters, but must be one of keep, drop, pseudonymize",
    ],
    [
      "a treatment that is no text",
      { names: true },
      "privacy.names is true or false, but must be one of keep, drop, pseudonymize",
    ],
    [
      "pseudonyms of texts",
      { message_text: "pseudonymize", pseudonym_secret: SECRET },
      "privacy.message_text is a string of 12 characters, but must be one of keep, drop",
    ],
    [
      "no secret",
      { names: "pseudonymize", phone_numbers: "pseudonymize" },
      `privacy.pseudonym_secret is missing, but ${SECRET_WANTED}, and keep it (names, phone_numbers can't be pseudonymized without)`,
    ],
    [
      "an empty secret",
      { names: "pseudonymize", pseudonym_secret: " " },
      `privacy.pseudonym_secret is a string of 1 characters, but ${SECRET_WANTED}, and keep it (names can't be pseudonymized without)`,
    ],
    [
      "a short secret",
      { names: "pseudonymize", pseudonym_secret: "0123456789abcde" },
      `privacy.pseudonym_secret is a string of 15 characters, but ${SECRET_WANTED}`,
    ],
  ])("%s", (_, privacy, message) => {
    expect(complaint(privacy)).toBe(message);
  });
});
