import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { parseEnvelope } from "../../../src/dixa/webhooks/envelope.ts";

function parse(json: unknown) {
  return parseEnvelope(Buffer.from(JSON.stringify(json)));
}

describe("a webhook's body", () => {
  test("is read for its id, its kind and its time", () => {
    const result = parse({
      event_id: "e0000000-0000-4000-8000-000000000007",
      event_fqn: "CONVERSATION_CLOSED",
      event_version: "1",
      event_timestamp: "2025-01-01T11:07:00.000Z",
      organization: { id: "f0000000-0000-4000-8000-000000000000", name: "Example Org" },
      data: { conversation: { csid: 1001, queue: null, assignee: null } },
    });
    expect(result).toEqual({
      ok: true,
      envelope: {
        eventId: "e0000000-0000-4000-8000-000000000007",
        eventFqn: "CONVERSATION_CLOSED",
        happenedAt: Date.UTC(2025, 0, 1, 11, 7),
      },
    });
  });

  test("needs an event_id and nothing else", () => {
    const unknown = { ok: true, envelope: { eventId: "x", eventFqn: "UNKNOWN", happenedAt: undefined } };
    expect(parse({ event_id: "x" })).toEqual(unknown);
    expect(parse({ event_id: "x", event_fqn: 7, event_timestamp: "soon", data: [] })).toEqual(unknown);
    expect(parse({ event_id: "x", event_fqn: "", event_timestamp: null })).toEqual(unknown);
  });

  test("may be of a kind that nobody has heard of", () => {
    expect(parse({ event_id: "x", event_fqn: "PARCEL_LOST" })).toMatchObject({
      envelope: { eventFqn: "PARCEL_LOST" },
    });
  });

  test.each([
    [{}, "event_id must be a string."],
    [{ event_id: 7 }, "event_id must be a string."],
    [{ event_id: "" }, "event_id must not be empty."],
    [{ event_id: "x".repeat(201) }, "event_id must have at most 200 characters."],
    [{ event_id: "a\0b" }, "event_id must be well-formed text without U+0000."],
    [{ event_id: "\ud800" }, "event_id must be well-formed text without U+0000."],
    [[], "The body is not a JSON object."],
    [null, "The body is not a JSON object."],
    ["event_id", "The body is not a JSON object."],
  ])("%j is refused: %s", (json, message) => {
    expect(parse(json)).toEqual({ ok: false, message });
  });

  test.each([[""], ["{"], ["event_id=1"], ["\xff\xfe"], ['{"event_id":"a"}}']])("%j is not JSON", (text) => {
    expect(parseEnvelope(Buffer.from(text, "latin1"))).toEqual({
      ok: false,
      message: "The body is not JSON.",
    });
  });

  test("keeps a kind that no store could hold out of the ledger", () => {
    expect(parse({ event_id: "x", event_fqn: "A\0B" })).toMatchObject({ envelope: { eventFqn: "UNKNOWN" } });
    expect(parse({ event_id: "x", event_fqn: "A".repeat(101) })).toMatchObject({
      envelope: { eventFqn: "UNKNOWN" },
    });
  });

  test("may be anything at all without making the parser throw", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: "binary" })), (text) => {
        expect(typeof parseEnvelope(Buffer.from(text)).ok).toBe("boolean");
      }),
    );
    const deep = "[".repeat(100_000);
    expect(parseEnvelope(Buffer.from(deep)).ok).toBe(false);
    expect(parseEnvelope(Buffer.from(`{"event_id":"x","data":${deep}${"]".repeat(100_000)}}`)).ok).toBe(true);
  });
});
