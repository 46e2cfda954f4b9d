import { describe, expect, test } from "@jest/globals";

import { missingFrom, startLife } from "../../spec/relay/support/acknowledged.ts";
import { webhookEvent } from "../../spec/relay/support/events.ts";
import { systemClock } from "../../src/http/clock.ts";
import { DEFAULT_TIMINGS } from "../../src/relay/coalescer/timings.ts";
import { openStore } from "../../src/relay/store/open.ts";
import { postgresDatabases } from "./databases.ts";

const { server } = postgresDatabases();
const options = { clock: systemClock, timingsOf: () => DEFAULT_TIMINGS };

describe("PostgreSQL", () => {
  test("holds every acknowledged event, though server and relay are killed in turn (I7)", async () => {
    const url = await server().createDatabase();
    const acknowledged: string[] = [];
    for (const name of ["1", "2", "3"]) {
      const life = startLife(url, name);
      await life.reaches(100);
      await server().restart("immediate");
      // The same process goes on with the server that has come back.
      await life.reaches(life.acknowledged.length + 100);
      await life.kill();
      acknowledged.push(...life.acknowledged);
    }
    const store = await openStore(url, options);
    expect(await missingFrom(store, acknowledged)).toEqual([]);
    await store.close();
  }, 120_000);

  test("may restart under an idle store, and under one that is being asked", async () => {
    const store = await openStore(await server().createDatabase(), options);
    expect(await store.accept([webhookEvent("a", "1")])).toEqual(["new"]);
    await server().restart("immediate");
    expect(await store.accept([webhookEvent("a", "1")])).toEqual(["duplicate"]);
    const restart = server().restart("fast");
    const answers = await Promise.all([2, 3, 4].map((id) => store.accept([webhookEvent("a", `${id}`)])));
    await restart;
    expect(answers.flat()).toHaveLength(3);
    expect(await store.credentialSummary("a")).toMatchObject({ seq: 4 });
    await store.close();
  }, 60_000);

  test("that isn't there is an unavailable store, soon", async () => {
    const url = "postgresql://relay@127.0.0.1:1/relay";
    await expect(openStore(url, { ...options, patience: 200 })).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
    });
  });

  test("is migrated once by replicas that start together", async () => {
    const url = await server().createDatabase();
    const stores = await Promise.all(
      Array.from({ length: 6 }, () => openStore(url, { ...options, poolSize: 2 })),
    );
    await Promise.all(stores.map((store, index) => store.accept([webhookEvent("a", `${index}`)])));
    expect(await stores[0]!.credentialSummary("a")).toMatchObject({ seq: 6 });
    await Promise.all(stores.map((store) => store.close()));
  });
});
