import { afterEach, describe, expect, test } from "@jest/globals";

import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import {
  type DirectoryConnection,
  type DirectorySource,
} from "../../../src/relay/dispatch/airbyte-directory.ts";
import { Mapping } from "../../../src/relay/dispatch/mapping.ts";
import { type MappedCredential } from "../../../src/relay/dispatch/selection-marks.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { memoryDatabase } from "../store/sqlite-database.ts";
import { info } from "../store/suite.ts";
import { airbyteFailure } from "../support/fake-airbyte.ts";
import { ManualClock } from "../support/manual-clock.ts";

const EU = "7f0c0000-0000-4000-8000-00000000000a";
const US = "7f0c0000-0000-4000-8000-00000000000b";

class FakeDirectory {
  sources: DirectorySource[] = [];
  connections: DirectoryConnection[] = [];
  /** Exist, and are left out of listings. */
  hidden: DirectoryConnection[] = [];

  async *listSources() {
    yield* await Promise.resolve(this.sources);
  }

  async *listConnections() {
    yield* await Promise.resolve(this.connections);
  }

  getConnection = (id: string) =>
    Promise.resolve([...this.connections, ...this.hidden].find(({ connectionId }) => connectionId === id));
}

function source(sourceId: string, credentialId: unknown): DirectorySource {
  return {
    sourceId,
    name: `source ${sourceId}`,
    configuration: { api_token: "**********", credential_id: credentialId },
  };
}

function connection(connectionId: string, sourceId: string, changes: Partial<DirectoryConnection> = {}) {
  return { connectionId, sourceId, name: connectionId, workspaceId: "w", status: "active", ...changes };
}

let store: Store | undefined;
afterEach(async () => {
  await store?.close();
});

async function open(credentials: readonly MappedCredential[]) {
  const clock = new ManualClock();
  const opened = await memoryDatabase().open({ clock, timingsOf: () => DEFAULT_TIMINGS });
  store = opened;
  const directory = new FakeDirectory();
  const errors: [string, unknown][] = [];
  const removed = new Set<string>();
  const mapping = new Mapping({
    store: opened,
    airbyte: directory,
    onError: (id, error) => errors.push([id, error]),
    clock,
    wanted: () => ({ credentials, removed, workspaceIds: [], onDiscover: "sync" }),
  });
  const carried = async (id: string) =>
    (await opened.connections(id)).map(({ connectionId }) => connectionId);
  const reason = async (id: string) => {
    const phase = (await opened.connection(id))?.state.phase;
    return phase?.name === "PARKED" ? phase.reason : phase?.name;
  };
  return { clock, directory, mapping, carried, reason, errors, removed, store: opened };
}

const byId = (id: string): MappedCredential => ({ id, selection: { by: "credential_id" } });

describe("the mapping", () => {
  test("finds connections by the credential that their source names, in any spelling of a UUID", async () => {
    const { directory, mapping, carried } = await open([byId(EU), byId(US)]);
    directory.sources = [
      source("s1", ` ${EU.toUpperCase()} `),
      source("s2", US),
      source("s3", 7),
      source("s4", undefined),
    ];
    directory.connections = ["s1", "s1", "s2", "s3", "s4", "unlisted"].map((id, index) =>
      connection(`c${index}`, id),
    );
    const { added, contested } = await mapping.refresh();
    expect(added).toEqual(["c0", "c1", "c2"]);
    expect(contested).toEqual([]);
    expect(await carried(EU)).toEqual(["c0", "c1"]);
    expect(await carried(US)).toEqual(["c2"]);
    expect((await mapping.refresh()).added).toEqual([]);
  });

  test("finds connections by tag, by its name or its id", async () => {
    const { directory, mapping, carried } = await open([
      { id: EU, selection: { by: "tag", tag: "dixa" } },
      { id: US, selection: { by: "tag", tag: "tag-2" } },
    ]);
    directory.connections = [
      connection("c1", "s", { tags: [{ tagId: "tag-1", name: "dixa" }] }),
      connection("c2", "s", { tags: [{ tagId: "tag-2", name: "other" }] }),
      connection("c3", "s", { tags: null }),
    ];
    await mapping.refresh();
    expect(await carried(EU)).toEqual(["c1"]);
    expect(await carried(US)).toEqual(["c2"]);
  });

  test("finds connections that are listed in the configuration, in other workspaces too", async () => {
    const { directory, mapping, carried } = await open([
      { id: EU, selection: { by: "list", connectionIds: ["c1", "c2", "nowhere"] } },
    ]);
    directory.connections = [connection("c1", "s")];
    directory.hidden = [connection("c2", "s")];
    await mapping.refresh();
    expect(await carried(EU)).toEqual(["c1", "c2"]);
  });

  test("gives a connection to the first of several credentials, and says so", async () => {
    const { directory, mapping, carried } = await open([
      byId(EU),
      { id: US, selection: { by: "list", connectionIds: ["c1"] } },
    ]);
    directory.sources = [source("s1", EU)];
    directory.connections = [connection("c1", "s1")];
    const { contested } = await mapping.refresh();
    expect(contested).toEqual([{ connectionId: "c1", credentialIds: [EU, US] }]);
    expect(await carried(EU)).toEqual(["c1"]);
  });

  test("does not unlearn a connection that a listing has left out", async () => {
    const { directory, mapping, reason, clock } = await open([byId(EU)]);
    directory.sources = [source("s1", EU)];
    directory.connections = [connection("c1", "s1"), connection("c2", "s1")];
    await mapping.refresh();
    directory.hidden = directory.connections.splice(0);
    for (let hours = 0; hours < 5; hours++) {
      clock.advance(3_600_000);
      expect((await mapping.refresh()).lost).toEqual([]);
    }
    // Nor one whose source was left out.
    directory.connections = directory.hidden;
    directory.sources = [];
    expect((await mapping.refresh()).lost).toEqual([]);
    expect(await reason("c1")).toBe("IDLE");
  });

  test("takes a connection for deleted when Airbyte denies it twice, a minute apart", async () => {
    const { directory, mapping, reason, clock } = await open([byId(EU)]);
    directory.sources = [source("s1", EU)];
    directory.connections = [connection("c1", "s1")];
    await mapping.refresh();
    directory.connections = [];
    expect((await mapping.refresh()).lost).toEqual([]);
    clock.advance(59_999);
    expect((await mapping.refresh()).lost).toEqual([]);
    clock.advance(1);
    expect((await mapping.refresh()).lost).toEqual(["c1"]);
    expect(await reason("c1")).toBe("gone");
    directory.connections = [connection("c1", "s1")];
    await mapping.refresh();
    expect(await reason("c1")).toBe("IDLE");
  });

  test("forgets a denial when the connection has been there in between", async () => {
    const { directory, mapping, clock } = await open([byId(EU)]);
    directory.sources = [source("s1", EU)];
    const [one] = (directory.connections = [connection("c1", "s1")]);
    await mapping.refresh();
    for (const there of [false, true, false]) {
      clock.advance(120_000);
      directory.connections = there ? [one!] : [];
      expect((await mapping.refresh()).lost).toEqual([]);
    }
  });

  test("parks a connection whose source names another credential, until it names this one again", async () => {
    const { directory, mapping, reason } = await open([byId(EU)]);
    directory.sources = [source("s1", EU)];
    directory.connections = [connection("c1", "s1")];
    await mapping.refresh();
    directory.sources = [source("s1", "another")];
    expect((await mapping.refresh()).lost).toEqual(["c1"]);
    expect(await reason("c1")).toBe("unmapped");
    directory.sources = [source("s1", EU)];
    await mapping.refresh();
    expect(await reason("c1")).toBe("IDLE");
  });

  test("parks what followed a credential that was removed, though it is still listed", async () => {
    const { directory, mapping, reason, store, removed } = await open([byId(EU)]);
    directory.sources = [source("s1", US), source("s2", EU)];
    directory.connections = [connection("c1", "s1"), connection("c2", "s2")];
    await store.upsertConnections(US, [info("c1")], "sync");
    await mapping.refresh();
    expect(await reason("c1")).toBe("IDLE");
    removed.add(US);
    expect((await mapping.refresh()).lost).toEqual(["c1"]);
    expect([await reason("c1"), await reason("c2")]).toEqual(["unmapped", "IDLE"]);
    expect((await mapping.refresh()).lost).toEqual([]);
  });

  test("does not take up again what followed a credential that was removed while it wrote", async () => {
    const { directory, mapping, carried, removed, store } = await open([byId(EU), byId(US)]);
    directory.sources = [source("s1", EU), source("s2", US)];
    directory.connections = [connection("c1", "s1"), connection("c2", "s2")];
    const upsert = store.upsertConnections.bind(store);
    store.upsertConnections = async (...args) => {
      removed.add(US);
      return upsert(...args);
    };
    await mapping.refresh();
    expect([await carried(EU), await carried(US)]).toEqual([["c1"], []]);
  });

  test("leaves alone what belongs to a credential that only another replica's configuration knows", async () => {
    const { directory, mapping, reason, store } = await open([byId(EU)]);
    directory.sources = [source("s1", US)];
    directory.connections = [connection("c1", "s1")];
    await store.upsertConnections(US, [info("c1")], "sync");
    expect((await mapping.refresh()).lost).toEqual([]);
    expect(await reason("c1")).toBe("IDLE");
  });

  test("goes on when Airbyte's answer about one connection can't be read, and tells of it", async () => {
    const { directory, mapping, carried, errors } = await open([
      { id: EU, selection: { by: "list", connectionIds: ["odd", "c1"] } },
    ]);
    directory.connections = [];
    directory.hidden = [connection("c1", "s1")];
    const { getConnection } = directory;
    directory.getConnection = (id) =>
      id === "odd" ? Promise.reject(airbyteFailure("invalid")) : getConnection(id);
    await mapping.refresh();
    expect(await carried(EU)).toEqual(["c1"]);
    expect(errors.map(([id]) => id)).toEqual(["odd"]);
  });

  test("parks what is switched off or deleted in Airbyte", async () => {
    const { directory, mapping, reason } = await open([byId(EU)]);
    directory.sources = [source("s1", EU)];
    directory.connections = [connection("c1", "s1", { status: "inactive" }), connection("c2", "s1")];
    await mapping.refresh();
    directory.hidden = [connection("c2", "s1", { status: "deprecated" })];
    directory.connections.pop();
    await mapping.refresh();
    await mapping.refresh();
    expect(await reason("c1")).toBe("inactive");
    expect(await reason("c2")).toBe("gone");
  });

  test("keeps what it has learnt when Airbyte can't be reached", async () => {
    const { directory, mapping, carried } = await open([byId(EU)]);
    directory.sources = [source("s1", EU)];
    directory.connections = [connection("c1", "s1")];
    await mapping.refresh();
    directory.listConnections = () => {
      throw new Error("no answer");
    };
    await expect(mapping.refresh()).rejects.toThrow("no answer");
    expect(await carried(EU)).toEqual(["c1"]);
  });
});
