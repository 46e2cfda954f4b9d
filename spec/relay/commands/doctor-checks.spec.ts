import { expect, test } from "@jest/globals";

import { CurrentConfig } from "../../../src/relay/accounts/current-config.ts";
import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { checkAirbyte, checkDixa, checkStore } from "../../../src/relay/commands/doctor-checks.ts";
import { openStore } from "../../../src/relay/store/open.ts";
import { sqliteDatabases } from "../store/sqlite-database.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { SIGNED, testConfig } from "../support/services-fixture.ts";

const create = sqliteDatabases();
const clock = new ManualClock();
const one = { credentials: [{ id: SIGNED, name: "Dixa EU", auth: "none", dixa_api_token: "dixa-token" }] };

function current(more: Record<string, unknown> = {}): CurrentConfig {
  return new CurrentConfig(testConfig({ ...one, ...more }));
}

async function* all<T>(...items: T[]): AsyncGenerator<T> {
  yield* await Promise.resolve(items);
}

const directory = (credentialId: string) => ({
  listSources: () => all({ sourceId: "s", name: "Dixa", configuration: { credential_id: credentialId } }),
  listConnections: () =>
    all({ connectionId: "c", name: "c", sourceId: "s", workspaceId: "w", status: "active" }),
});

test("connections are counted by credential, and none is a fault that names the field", async () => {
  expect(await checkAirbyte(current(), directory(SIGNED))).toMatchObject([
    { state: "ok" },
    { state: "ok", message: "Dixa EU: 1 connection follows it." },
  ]);
  expect((await checkAirbyte(current(), directory("other")))[1]).toEqual({
    area: "airbyte",
    state: "fault",
    message: expect.stringContaining(`Put ${SIGNED} into the field credential_id`),
  });
});

test("an Airbyte that doesn't let the relay in is a fault, and nothing is said of connections", async () => {
  const refused = {
    listSources: () => {
      throw new Error("the application is unknown");
    },
    listConnections: directory(SIGNED).listConnections,
  };
  expect(await checkAirbyte(current(), refused)).toEqual([
    { area: "airbyte", state: "fault", message: expect.stringContaining("the application is unknown") },
  ]);
});

test.each([
  ["a webhook that is on", [{ enabled: true }], [], "ok"],
  ["a webhook that is off", [{ enabled: false }], [], "fault"],
  ["no webhook", [], [], "fault"],
  [
    "a delivery that failed",
    [{ enabled: true }],
    [{ event: "ConversationClosed", last: { at: undefined, succeeded: false, status: "502", text: "bad" } }],
    "fault",
  ],
] as const)("in Dixa, %s is judged", async (_, subscriptions, statuses, state) => {
  const url = `https://relay.example.com/webhooks/dixa/${SIGNED}`;
  const found = await checkDixa(
    current(),
    () => ({
      close: () => undefined,
      subscriptions: {
        list: () =>
          Promise.resolve(
            subscriptions.map(({ enabled }) => ({ id: "w1", name: "", url, subscribedEvents: [], enabled })),
          ),
        deliveryStatus: () => Promise.resolve([...statuses]),
        switchTo: () => Promise.reject(new Error("a doctor changes nothing")),
      },
    }),
    clock,
  );
  expect(found.map((each) => each.state)).toEqual([state]);
});

test("a store of another version is a fault, and is left as it is", async () => {
  const database = await create();
  const store = await database.open({ timingsOf: () => DEFAULT_TIMINGS });
  await store.close();
  const open = (mayMigrate: boolean) => () => database.open({ timingsOf: () => DEFAULT_TIMINGS, mayMigrate });
  const read = () => Promise.resolve();
  const here = current({ store: ":memory:" });
  expect((await checkStore(here, open(false), read, 0)).map(({ state }) => state)).toEqual(["ok", "warning"]);
  const empty = () => openStore(":memory:", { timingsOf: () => DEFAULT_TIMINGS, mayMigrate: false });
  expect(await checkStore(here, empty, read, 0)).toMatchObject([
    { state: "fault", message: expect.stringContaining("when dixa-relay is first started") },
  ]);
});

test("a store that is not there yet is no fault", async () => {
  const missing = current({ store: "/nowhere/relay.db" });
  const found = await checkStore(
    missing,
    () => Promise.reject(new Error("not called")),
    () => Promise.resolve(),
    0,
  );
  expect(found).toMatchObject([{ state: "warning" }]);
});
