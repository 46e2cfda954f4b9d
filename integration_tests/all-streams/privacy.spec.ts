import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { PERSONAL_KINDS, type PersonalKind } from "../../src/dixa/personal.ts";
import { followedStreams, listedStreams, streams } from "../../src/dixa/streams/index.ts";
import { LISTS } from "../simulators/dixa/account/account.ts";
import { personalValues } from "../simulators/dixa/account/personal-values.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { leaksIn } from "../support/leaks.ts";
import { messagesOf } from "../support/messages.ts";
import { configuredCatalog, runSync, type SyncRunResult } from "../support/sync-run.ts";

const SPAN = { lo: Date.UTC(2025, 0, 1), hi: Date.UTC(2025, 1, 1) };
const SECRET = "the-secret-of-all-pseudonyms";
const PSEUDONYM = /^[0-9a-f]{32}$/;
const TOMORROW = "Said by a field of tomorrow";
const DROP_ALL = Object.fromEntries(PERSONAL_KINDS.map((kind) => [kind, "drop"]));
const IDENTITIES = ["names", "email_addresses", "phone_numbers"] as const;
const PSEUDONYMIZE = {
  ...DROP_ALL,
  ...Object.fromEntries(IDENTITIES.map((kind) => [kind, "pseudonymize"])),
  pseudonym_secret: SECRET,
};

let simulator: DixaSimulator;
let whole: SyncRunResult;

/** A sync of all streams, or of some. */
async function read(
  privacy?: Record<string, string>,
  names: readonly string[] = streams.map(({ name }) => name),
  start = "2025-01-01",
): Promise<SyncRunResult> {
  const budgets = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
  const dates = { start_date: start, end_date: "2025-02-01" };
  const run = await runSync({
    config: simulator.config({ ...dates, ...budgets, privacy }),
    catalog: configuredCatalog(names),
    clock: hurriedClock(),
    idleTimeoutMs: 100,
  });
  expect(run.failures).toEqual([]);
  return run;
}

beforeAll(async () => {
  // Enough rows for every shape that the simulator knows.
  const rows = { conversations: 130, messages: 500, activityLogs: 520 };
  simulator = await startDixaSimulator({
    ...{ span: SPAN, limits: false, ...rows, endUsers: 60, goneShare: 0, sampleWebhooks: 4 },
    now: () => SPAN.hi,
  });
  for (const list of LISTS) {
    const [first = {}] = simulator.account.lists[list].rows;
    // In the place of the first, so that its children are found.
    simulator.control.removeRow(list);
    simulator.control.insertRow(list, 0, { ...first, tomorrow: { deep: [TOMORROW] } });
  }
  const [customer = {}] = simulator.account.lists.end_users.rows;
  const value = [TEXT_OF_ATTRIBUTE];
  simulator.control.removeRow("end_users");
  simulator.control.insertRow("end_users", 0, { ...customer, customAttributes: [{ id: "a", value }] });
  for (const [index, text] of valuesOf(["message_text"]).entries()) {
    simulator.control.addMessage(simulator.control.conversationId(index), text, SPAN.hi - 1 - index);
  }
  whole = await read();
}, 60_000);

const TEXT_OF_ATTRIBUTE = "Chosen by a customer";

afterAll(async () => {
  await simulator.close();
});

const valuesOf = (kinds: readonly PersonalKind[]) => {
  const values = personalValues(simulator.account);
  const own = kinds.includes("message_text") ? [TEXT_OF_ATTRIBUTE] : [];
  return [...new Set(kinds.flatMap((kind) => values[kind])), ...own];
};

/**
 * Personal values of these kinds in the output. What the company calls a team, and what it writes into an empty field,
 * is not personal, though it may be the same word.
 */
function found({ messages }: SyncRunResult, kinds: readonly PersonalKind[] = PERSONAL_KINDS): string[] {
  const others = messages.filter(
    (message) => message.type !== "RECORD" || !["teams", "custom_attributes"].includes(message.record.stream),
  );
  return leaksIn(others, valuesOf(kinds));
}

/** Rows by stream and key, without what depends on when they were read. */
function rowsOf({ messages }: SyncRunResult): Map<string, Record<string, unknown>> {
  const keys = new Map(streams.map(({ name, primaryKey }) => [name, primaryKey]));
  return new Map(
    messagesOf(messages, "RECORD").map(({ record: { stream, data } }) => {
      const { requestTime: _, lastSeen: __, ...row } = data;
      const key = (keys.get(stream) ?? []).filter((field) => field !== "requestTime");
      return [JSON.stringify([stream, ...key.map((field) => row[field])]), row];
    }),
  );
}

const streamOf = (key: string) => String((JSON.parse(key) as unknown[])[0]);

test("all the personal values that are searched for do leave where nothing is asked for", () => {
  expect(valuesOf(PERSONAL_KINDS).length).toBeGreaterThan(300);
  expect(found(whole)).toEqual(valuesOf(PERSONAL_KINDS));
  expect(leaksIn(whole.messages, [TOMORROW])).toEqual([TOMORROW]);
  expect(new Set([...rowsOf(whole).keys()].map(streamOf))).toEqual(new Set(streams.map(({ name }) => name)));
});

describe("with everything dropped, while a tenth of the requests fail", () => {
  let dropped: SyncRunResult;

  beforeAll(async () => {
    simulator.faults.set({ rate: 0.1 });
    dropped = await read(DROP_ALL);
    simulator.faults.set({ rate: 0 });
  }, 60_000);

  test("no personal value leaves, in any stream, field or log", () => {
    expect(found(dropped)).toEqual([]);
    expect(leaksIn(dropped.messages, [TOMORROW])).toEqual([]);
    expect(
      messagesOf(dropped.messages, "LOG").filter(({ log }) => log.level === "WARN").length,
    ).toBeGreaterThan(20);
  });

  test("all rows leave all the same, and what is left of them is as it was", () => {
    const rows = rowsOf(dropped);
    expect([...rows.keys()].sort()).toEqual([...rowsOf(whole).keys()].sort());
    for (const [key, row] of rowsOf(whole)) expect(isPartOf(rows.get(key), row)).toBe(true);
  });
});

/** Whether members were left out of a value and nothing else was done to it. */
function isPartOf(part: unknown, value: unknown): boolean {
  if (typeof part !== "object" || part === null || typeof value !== "object" || value === null) {
    return part === value;
  }
  return Object.entries(part).every(([key, member]) => isPartOf(member, Reflect.get(value, key)));
}

describe("pseudonymized", () => {
  let first: SyncRunResult;
  let second: SyncRunResult;

  beforeAll(async () => {
    first = await read(PSEUDONYMIZE);
    second = await read(PSEUDONYMIZE);
  }, 60_000);

  /** The pseudonyms that each value got, with the streams in which it did. */
  function pseudonyms(run: SyncRunResult): Map<string, Map<string, Set<string>>> {
    const byValue = new Map<string, Map<string, Set<string>>>();
    const rows = rowsOf(run);
    for (const [key, row] of rowsOf(whole)) {
      const compare = (came: unknown, left: unknown): void => {
        if (typeof came === "string" && typeof left === "string" && came !== left && PSEUDONYM.test(left)) {
          const given = byValue.get(came) ?? new Map<string, Set<string>>();
          byValue.set(came, given.set(left, (given.get(left) ?? new Set()).add(streamOf(key))));
        } else if (typeof came === "object" && came !== null && typeof left === "object" && left !== null) {
          for (const [name, value] of Object.entries(left)) compare(Reflect.get(came, name), value);
        }
      };
      compare(row, rows.get(key));
    }
    return byValue;
  }

  test("no personal value leaves, and never the secret", () => {
    expect(found(first)).toEqual([]);
    expect(leaksIn(first.messages, [SECRET, TOMORROW])).toEqual([]);
  });

  test("a value has one pseudonym in all streams and syncs, and no other value has it", () => {
    const given = pseudonyms(first);
    const one = [...given].map(([value, own]) => [value, [...own.keys()]] as const);
    expect(one.filter(([, own]) => own.length !== 1)).toEqual([]);
    expect(new Set(one.map(([, [own]]) => own)).size).toBe(one.length);
    expect(pseudonyms(second)).toEqual(given);
    expect(valuesOf(IDENTITIES).filter((value) => !given.has(value))).toEqual([]);
  });

  test("joins hold: people are found by their address in every stream that has it", () => {
    const given = pseudonyms(first);
    const streamsOf = (value: string) => [...(given.get(value)?.values().next().value ?? [])].sort();
    expect(streamsOf("angel.nunez@agents.example.com")).toEqual([
      "agents",
      "conversation_messages",
      "conversations",
      "messages",
      "team_members",
    ]);
    expect(streamsOf("ada.example@example.org")).toEqual([
      "activity_logs",
      "conversation_messages",
      "conversations",
      "end_users",
      "messages",
    ]);
    for (const value of ["angel.nunez@agents.example.com", "ada.example@example.org"]) {
      const [pseudonym = ""] = given.get(value)?.keys() ?? [];
      const holding = (run: SyncRunResult, text: string) =>
        [...rowsOf(run)].flatMap(([key, row]) => (JSON.stringify(row).includes(`"${text}"`) ? [key] : []));
      expect(holding(first, pseudonym).sort()).toEqual(holding(whole, value).sort());
    }
  });
});

describe("one kind alone", () => {
  const names = [...listedStreams, ...followedStreams].map(({ name }) => name);
  const few = (privacy?: Record<string, string>) => read(privacy, names, "2025-01-28");
  let kept: SyncRunResult;

  beforeAll(async () => {
    kept = await few();
  }, 60_000);

  test.each(PERSONAL_KINDS)(
    "(%s) is dropped from lists and followed streams, and others stay",
    async (kind) => {
      const run = await few({ [kind]: "drop" });
      // Within what is written, people are called by their first names.
      expect(found(run, [kind]).filter((value) => value.length > 7)).toEqual([]);
      const others = PERSONAL_KINDS.filter((other) => other !== kind);
      const left = new Set(found(run, others));
      expect(found(kept, others).filter((value) => !left.has(value))).toEqual([]);
    },
  );
});
