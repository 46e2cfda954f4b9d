import { describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { ConnectorError } from "../../../src/airbyte/protocol/failure.ts";
import { ofKind } from "../../../src/dixa/personal.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { conversations } from "../../../src/dixa/streams/conversations.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { DROP_ALL, privacyOf, PSEUDONYMIZE_ALL, rewrite, rewriteAll, streamOf } from "../../support/rows.ts";

const PSEUDONYM = expect.stringMatching(/^[0-9a-f]{32}$/) as unknown as string;

function leftOf(...args: Parameters<typeof rewrite>): unknown {
  return JSON.parse(rewrite(...args).text);
}

describe("privacy reaches", () => {
  const conversation = JSON.stringify({
    id: 1,
    requester_name: "Ada",
    requester_email: "ada@example.org",
    requester_additional_emails: ["a@example.org", "ADA@example.org"],
    ratings: [{ rating_score: 4, rating_message: "Good" }],
    conversation_wrapup_notes: ["called her"],
    custom_fields: [
      { identifier: "order", value: ["A", "B"] },
      { identifier: "size", value: "XL" },
    ],
    subject: "Refund",
    requester_phone_number: null,
  });

  test("lists, and objects in lists: dropped", () => {
    expect(leftOf(conversations, conversation, { privacy: DROP_ALL })).toEqual({
      id: 1,
      ratings: [{ rating_score: 4 }],
      custom_fields: [{ identifier: "order" }, { identifier: "size" }],
    });
  });

  test("lists, and objects in lists: pseudonymized", () => {
    const left = leftOf(conversations, conversation, { privacy: PSEUDONYMIZE_ALL }) as Record<
      string,
      unknown
    >;
    expect(left).toMatchObject({
      requester_name: PSEUDONYM,
      requester_additional_emails: [PSEUDONYM, left["requester_email"]],
      requester_phone_number: null,
    });
  });

  test("only the kinds that are asked for", () => {
    const { ratings, ...rest } = JSON.parse(conversation) as Record<string, unknown>;
    expect(ratings).toBeDefined();
    expect(leftOf(conversations, conversation, { privacy: privacyOf({ rating_comments: "drop" }) })).toEqual({
      ...rest,
      ratings: [{ rating_score: 4 }],
    });
  });

  test("forms, people and bare recipients", () => {
    const row =
      '{"id":"a","to":"Ada <ada@example.org>","form_submission":{"name":"Ada","email":"ADA@example.org","Order no.":"1"}}';
    const left = leftOf(messages, row, { privacy: PSEUDONYMIZE_ALL }) as {
      to: string[];
      form_submission: { email: string };
    };
    expect(left.to).toEqual([left.form_submission.email]);
    expect(leftOf(messages, row, { privacy: DROP_ALL })).toEqual({ id: "a", form_submission: {} });
    const activity =
      '{"id":"a","author":{"id":"u","name":"Ada","phoneNumber":"+45"},"attributes":{"oldUser":{"email":"a@b.test"},"agentNames":["Ada"]}}';
    expect(leftOf(activityLogs, activity, { privacy: DROP_ALL })).toEqual({
      id: "a",
      author: { id: "u" },
      attributes: { oldUser: {} },
    });
  });

  test("keys that are written with escapes, or twice", () => {
    const row = '{"author_n\\u0061me":"Ada","author_name":"Bob","author_name":"Cid"}';
    expect(rewrite(messages, row, { privacy: DROP_ALL }).text).toBe("{}");
  });
});

describe("what the schema does not know does not leave as soon as something is not kept:", () => {
  const things = streamOf(
    z.object({
      id: ofKind("none", z.string()),
      at: ofKind("none", z.int()),
      state: ofKind("none", z.string()),
      person: z.object({ name: ofKind("names", z.string()) }),
      labels: ofKind("none", z.looseObject({})),
      words: ofKind("notes", z.looseObject({})),
      forgotten: z.string(),
    }),
  );
  const privacy = privacyOf({ rating_comments: "drop" });
  const note = (path: string) =>
    `things: ${path} is not known to this version, so with privacy set it does not leave`;

  test.each<[string, string, string, string[]]>([
    ["a member", '{"id":"x","new":"y"}', '{"id":"x"}', ['"new"']],
    ["a nested member", '{"person":{"name":"A","age":7}}', '{"person":{"name":"A"}}', ['"person.age"']],
    ["an object in the place of a text", '{"state":{"of":"A"}}', '{"state":{}}', ['"state.of"']],
    ["a text in the place of an object", '{"person":"Ada"}', "{}", ['"person"']],
    ["a member that nobody classified", '{"forgotten":"A"}', "{}", ['"forgotten"']],
    [
      "a name that may be personal itself",
      '{"ada@example.org":1}',
      "{}",
      ["a member whose name may be personal itself"],
    ],
  ])("%s", (_, row, text, paths) => {
    expect(rewrite(things, row, { privacy })).toEqual({ text, changes: [], logs: paths.map(note) });
  });

  test("but a map whose kind is kept leaves whole, lists stand for their elements, and null stays", () => {
    const row =
      '{"labels":{"any":{"depth":[1]}},"words":{"a":"b"},"state":["a",null],"person":null,"at":1e0}';
    expect(rewrite(things, row, { privacy })).toEqual({ text: row, changes: [], logs: [] });
  });

  test("a map goes, or gets pseudonyms, as a whole", () => {
    const row = '{"words":{"a":{"b":["c",7,true,""]}}}';
    expect(rewrite(things, row, { privacy: DROP_ALL }).text).toBe("{}");
    const named = streamOf(
      z.object({ id: z.string(), at: z.int(), words: ofKind("names", z.looseObject({})) }),
    );
    expect(leftOf(named, row, { privacy: PSEUDONYMIZE_ALL })).toEqual({
      words: { a: { b: [PSEUDONYM, PSEUDONYM, true, ""] } },
    });
  });

  test("the log names each once, and no more than fifty", () => {
    const row = (from: number) =>
      `{${Array.from({ length: 40 }, (_, i) => `"new_${from + i}":"secret"`).join(",")}}`;
    const [{ logs } = { logs: [] }] = rewriteAll(things, [row(0), row(0), row(20), row(40)], { privacy });
    expect(logs).toHaveLength(51);
    expect(new Set(logs).size).toBe(51);
    expect(logs.at(-1)).toBe("things: more than 50 such members; the others are left out too, unnamed");
    expect(logs.join()).not.toContain("secret");
  });
});

describe("a key that is personal", () => {
  const endpoints = streamOf(
    z.object({
      endpoint: ofKind(["email_addresses", "phone_numbers"], z.string()),
      at: ofKind("none", z.int()),
    }),
    { primaryKey: ["endpoint"] },
  );

  test("can't be dropped: the stream is refused", () => {
    let error: unknown;
    try {
      rewrite(endpoints, "{}", { privacy: privacyOf({ phone_numbers: "drop" }) });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConnectorError);
    expect(error).toMatchObject({
      failureType: "config_error",
      message:
        'The stream "things" can\'t be read: privacy drops phone_numbers, and its key "endpoint" may hold ' +
        "one. Untick the stream, or pseudonymize them instead.",
    });
  });

  test("leaves as a pseudonym, of which there is one a row", () => {
    const left = leftOf(endpoints, '{"endpoint":"+45 12"}', { privacy: PSEUDONYMIZE_ALL });
    expect(left).toEqual({ endpoint: PSEUDONYM });
  });
});
