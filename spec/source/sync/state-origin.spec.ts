import { describe, expect, test } from "@jest/globals";

import { originOf, sinceOf, type SyncTerms, whyVoid } from "../../../src/source/sync/state-origin.ts";

const JANUARY = Date.UTC(2024, 0, 1);
const UNKNOWN = { generationId: undefined, minimumGenerationId: undefined, syncId: undefined };
const REFRESH: SyncTerms = { ...UNKNOWN, isFullRefresh: true };
const JOB: SyncTerms = { isFullRefresh: true, generationId: 4, minimumGenerationId: 4, syncId: 71 };
const INCREMENTAL: SyncTerms = { ...JOB, isFullRefresh: false, minimumGenerationId: 0 };

/** The state that such a sync leaves. */
const left = (terms: SyncTerms, isComplete: boolean): unknown =>
  JSON.parse(JSON.stringify({ updated_at: JANUARY, ...originOf(terms, JANUARY, isComplete) }));

describe("what a state says of its origin", () => {
  test("is where reading began, and of a full refresh which one and whether it is complete", () => {
    expect(originOf(JOB, JANUARY, false)).toEqual({
      since: "2024-01-01T00:00:00Z",
      generation_id: 4,
      full_refresh: { sync_id: 71, complete: false },
    });
    expect(originOf(INCREMENTAL, JANUARY, true)).toEqual({ since: "2024-01-01T00:00:00Z", generation_id: 4 });
  });

  test("is no more than what is known", () => {
    expect(originOf({ ...UNKNOWN, isFullRefresh: false }, undefined, true)).toEqual({});
    expect(originOf(REFRESH, undefined, true)).toEqual({ full_refresh: { complete: true } });
  });
});

describe("a full refresh goes on", () => {
  test.each<[string, SyncTerms, unknown]>([
    ["from its last attempt", JOB, left(JOB, false)],
    ["from its last attempt, in which this stream was complete", JOB, left(JOB, true)],
    ["from an attempt, where the client counts nothing", REFRESH, left(REFRESH, false)],
    ["without a state", JOB, undefined],
    ["after a reset", JOB, null],
  ])("%s", (_, terms, state) => {
    expect(whyVoid(state, terms)).toBeUndefined();
  });
});

describe("a full refresh begins anew", () => {
  const zeros = { ...JOB, generationId: 0, syncId: 0 };
  const another = "it belongs to another refresh";
  const complete = "the refresh that it belongs to is complete";
  const none = "it is not one of a full refresh";

  test.each<[string, SyncTerms, unknown, string]>([
    ["after one that is complete", REFRESH, left(REFRESH, true), complete],
    ["after one that is complete, where a client fills in zeros", zeros, left(zeros, true), complete],
    ["in the next generation", { ...JOB, generationId: 5, syncId: 72 }, left(JOB, false), another],
    ["in the next job", { ...JOB, syncId: 72 }, left(JOB, true), another],
    ["where the state says no generation", JOB, left(REFRESH, false), another],
    ["where the catalog says no generation", REFRESH, left(JOB, false), another],
    ["after an incremental sync", JOB, left(INCREMENTAL, true), none],
    ["with a state of another connector", REFRESH, { updated_at: "2024-01-01" }, none],
    ["with a bare bookmark", REFRESH, "2024-01-01T00:00:00Z", none],
    ["with a mark that says nothing", REFRESH, { full_refresh: true }, none],
    ["with a mark that doesn't say whether it is complete", REFRESH, { full_refresh: {} }, complete],
  ])("%s", (_, terms, state, reason) => {
    expect(whyVoid(state, terms)).toBe(reason);
  });
});

describe("an incremental sync", () => {
  test.each<[string, SyncTerms, unknown]>([
    ["of its generation", INCREMENTAL, left(INCREMENTAL, true)],
    ["of a full refresh before it", INCREMENTAL, left(JOB, true)],
    ["of another connector", INCREMENTAL, { updated_at: "2024-01-01" }],
    ["of a bare bookmark", INCREMENTAL, "2024-01-01T00:00:00Z"],
    ["of an earlier generation that stays", { ...INCREMENTAL, generationId: 9 }, left(INCREMENTAL, true)],
    ["of its generation, when earlier ones are deleted", { ...JOB, isFullRefresh: false }, left(JOB, true)],
  ])("goes on from a state %s", (_, terms, state) => {
    expect(whyVoid(state, terms)).toBeUndefined();
  });

  test("begins anew when the destination deletes the rows that the state stands for", () => {
    const next = { ...INCREMENTAL, generationId: 5, minimumGenerationId: 5 };
    expect(whyVoid(left(INCREMENTAL, true), next)).toBe(
      "it belongs to generation 4, whose rows the destination deletes",
    );
  });
});

describe("where reading began", () => {
  test("is read as it was written", () => {
    expect(sinceOf(left(JOB, true))).toBe(JANUARY);
    expect(sinceOf(originOf(JOB, JANUARY + 5, true))).toBe(JANUARY + 5);
  });

  test.each([undefined, null, "2024-01-01", [], {}, { since: 5 }, { since: "yesterday" }])(
    "is unknown in %j",
    (state) => {
      expect(sinceOf(state)).toBeUndefined();
    },
  );
});
