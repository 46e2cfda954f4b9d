import { expect, test } from "@jest/globals";

import { accountList } from "../../../src/relay/page/account-list.ts";
import { readList } from "../../../src/relay/page/list-model.ts";
import { type CredentialSummary } from "../../../src/relay/store/credential.ts";
import { testConfig, testServices } from "../support/services-fixture.ts";

const NOW = Date.UTC(2026, 10, 26);
const OWED = { credentialId: "", reason: "outage", seq: 1, at: NOW - 500 } as const;

function idOf(index: number): string {
  return `7f0c3f0e-6a0e-4d1c-9a54-${String(index).padStart(12, "0")}`;
}

/** Accounts with these names, in this order. */
function list(names: readonly string[], summaries: Readonly<Record<string, Partial<CredentialSummary>>>) {
  const config = testConfig({
    credentials: names.map((name, index) => ({
      id: idOf(index),
      name,
      auth: "none",
      dixa_api_token: "token",
    })),
  });
  const services = testServices({ config, now: () => NOW });
  services.store.credentialSummaries = () =>
    Promise.resolve(
      Object.entries(summaries).map(([name, summary]) => ({
        credentialId: idOf(names.indexOf(name)),
        seq: 1,
        lastEventAt: null,
        pendingSince: null,
        phases: {},
        owed: null,
        subscription: null,
        ...summary,
      })),
    );
  return async (search = "", page = 1) => await readList(services, { search, page });
}

test("what needs a person comes first, then what waits longest, then names as people sort them", async () => {
  const read = list(
    ["Dixa 10", "Dixa 9", "young", "old", "owed", "deaf", "failing", "parked", "parked, too"],
    {
      young: { pendingSince: NOW - 1000, phases: { PENDING: 1 } },
      old: { pendingSince: NOW - 9000, phases: { PENDING: 1 } },
      "Dixa 10": { owed: OWED, subscription: { state: "on", since: 0, failing: null } },
      owed: { pendingSince: OWED.at, owed: OWED },
      deaf: { subscription: { state: "missing", since: 0, failing: null } },
      failing: { phases: { BACKOFF: 1, CLEAN: 4 } },
      "parked, too": { phases: { PARKED: 1 } },
      parked: { phases: { PARKED: 1, BACKOFF: 1 } },
    },
  );
  const { rows, needs } = await read();
  expect(rows.map(({ name }) => name)).toEqual([
    "parked",
    "parked, too",
    "failing",
    "deaf",
    "owed",
    "old",
    "young",
    "Dixa 9",
    "Dixa 10",
  ]);
  expect(needs).toEqual({ unfinished: 0, parked: 2, failing: 2, unheard: 1, owed: 1, waiting: 3 });
});

test("the search looks into names and ids, whatever their case", async () => {
  const read = list(["Dixa EU", "Dixa US", "Ærø"], {});
  expect((await read(" eu ")).rows.map(({ name }) => name)).toEqual(["Dixa EU"]);
  expect((await read("ærø")).rows.map(({ name }) => name)).toEqual(["Ærø"]);
  expect((await read(idOf(1).toUpperCase())).rows.map(({ name }) => name)).toEqual(["Dixa US"]);
  expect(await read("nothing")).toMatchObject({ rows: [], found: 0, total: 3, pages: 1 });
});

test("a thousand accounts come by the page, and a page that there is not shows the last", async () => {
  const read = list(
    Array.from({ length: 1000 }, (_, index) => `account ${index}`),
    {},
  );
  const seen = new Set<string>();
  for (let page = 1; page <= 40; page++) {
    const model = await read("", page);
    expect(model).toMatchObject({ page, pages: 40, total: 1000 });
    for (const { id } of model.rows) seen.add(id);
  }
  expect(seen.size).toBe(1000);
  expect((await read("", 99)).page).toBe(40);
  expect((await read("", -1)).page).toBe(1);
});

test("the pages of a search keep it, and nothing of it becomes markup", async () => {
  const names = Array.from({ length: 60 }, (_, index) => `"><i>&q=${index}`);
  const text = accountList(await list(names, {})('"><i>&q=', 2)).html;
  expect(text).toContain('href="/?q=%22%3E%3Ci%3E%26q%3D&amp;page=1"');
  expect(text).not.toContain("<i>");
});
