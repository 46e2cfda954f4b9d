import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { HttpStatusError } from "../../../src/http/errors.ts";
import { CurrentConfig } from "../../../src/relay/accounts/current-config.ts";
import { openAccounts, type OpenedAccounts } from "../../../src/relay/accounts/open-accounts.ts";
import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { type CreateDatabase, info } from "../store/suite.ts";
import { DIXA_TOKEN, FakeDixa } from "../support/fake-dixa.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { SIGNED, testConfig } from "../support/services-fixture.ts";

const KEY = "01".repeat(32);
const OTHER_KEY = "02".repeat(32);
const ID = "9a54f00d-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const SECRET = "secret-of-the-webhook-0123456789";

interface Replica extends OpenedAccounts {
  readonly current: CurrentConfig;
  readonly store: Store;
}

/** What accounts made while the relay runs do on a database of either kind. */
export function describeAccounts(name: string, create: CreateDatabase): void {
  describe(name, () => {
    const stores: Store[] = [];
    let dixa: FakeDixa;
    beforeEach(() => {
      dixa = new FakeDixa();
    });
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });

    /** Opens a replica of this configuration on a database. */
    async function database() {
      const clock = new ManualClock();
      const opened = await create();
      return async (more: Record<string, unknown> = { secret_key: KEY }): Promise<Replica> => {
        const store = await opened.open({ clock, timingsOf: () => DEFAULT_TIMINGS });
        stores.push(store);
        const current = new CurrentConfig(testConfig(more));
        const accounts = openAccounts({ current, store, clock, hide: () => undefined, openDixa: dixa.open });
        await accounts.accounts.look();
        return { ...accounts, current, store };
      };
    }

    const authOf = ({ current }: Replica) => current.value.credentials.find(({ id }) => id === ID)?.auth;

    test("another replica learns of each change at its next look, and looks in vain otherwise", async () => {
      const open = await database();
      const [a, b] = [await open(), await open()];
      await a.accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      expect(authOf(b)).toBeUndefined();
      expect([await b.accounts.look(), await b.accounts.look()]).toEqual([true, false]);
      expect(authOf(b)).toMatchObject({ mode: "signature", secrets: [SECRET] });
      await b.accounts.change(ID, { name: "Bergen", webhookSecret: "another", max_staleness: "6h" });
      await a.accounts.look();
      expect(a.accounts.get(ID)).toMatchObject({ name: "Bergen", maxStalenessMs: 6 * 3_600_000 });
      expect(authOf(a)).toMatchObject({ secrets: ["another"], expiring: [{ secret: SECRET }] });
      await a.accounts.remove(ID, { takeWebhook: false });
      await b.accounts.look();
      expect(b.accounts.get(ID)).toBeUndefined();
      expect([...b.current.removed]).toEqual([ID]);
    });

    test("one account made at once by two replicas gets one webhook, whose secret both keep for good", async () => {
      const open = await database();
      const both = [await open(), await open()];
      const created = Promise.withResolvers<undefined>();
      let waiting = 0;
      dixa.before = async (call) => {
        if (call !== "create") return;
        if (++waiting === both.length) created.resolve(undefined);
        await created.promise;
      };
      await Promise.all(
        both.map(({ accounts }) =>
          accounts.create({ credentialId: ID, name: "Oslo", dixaToken: DIXA_TOKEN }),
        ),
      );
      expect([waiting, dixa.stored.length]).toEqual([2, 1]);
      for (const replica of both) {
        await replica.accounts.look();
        expect(replica.accounts.get(ID)?.stored?.subscriptionId).toBe(dixa.stored[0]?.id);
        expect(authOf(replica)).toMatchObject({ secrets: [dixa.stored[0]?.secretKey], expiring: [] });
      }
    });

    test("an account that another replica has set up stays when Dixa refuses this one", async () => {
      const open = await database();
      const [a, b] = [await open(), await open()];
      const request = { credentialId: ID, name: "Oslo", dixaToken: DIXA_TOKEN };
      dixa.before = async () => {
        dixa.before = () => Promise.resolve();
        await b.accounts.create(request);
        throw new HttpStatusError("GET", { status: 403, bodyText: "" });
      };
      await expect(a.accounts.create(request)).rejects.toThrow(/^(?!.*No account was made).*403/s);
      await a.accounts.look();
      expect(authOf(a)).toMatchObject({ secrets: [dixa.stored[0]?.secretKey] });
    });

    test("changes made at once are all kept", async () => {
      const open = await database();
      const [a, b] = [await open(), await open()];
      await a.accounts.create({ credentialId: ID, name: "Oslo" });
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? a : b).accounts.create({ name: `n${index}`, webhookSecret: SECRET }),
        ),
      );
      await Promise.all([
        a.accounts.change(ID, { webhookSecret: SECRET }),
        b.accounts.change(ID, { name: "Bergen" }),
      ]);
      await Promise.all([a.accounts.look(), b.accounts.look()]);
      for (const replica of [a, b]) {
        expect(replica.accounts.list().filter(({ stored }) => stored !== undefined)).toHaveLength(11);
        expect([replica.accounts.get(ID)?.name, authOf(replica)?.mode]).toEqual(["Bergen", "signature"]);
      }
    });

    test("with a wrong key, or none, nothing is lost: the right one opens everything again", async () => {
      const open = await database();
      const first = await open();
      await first.accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      for (const wrong of [{ secret_key: OTHER_KEY }, {}]) {
        const replica = await open(wrong);
        expect(authOf(replica)).toEqual({ mode: "waiting", why: "sealed" });
        await replica.accounts.change(ID, { name: "Bergen" });
      }
      const right = await open();
      expect(right.accounts.get(ID)?.name).toBe("Bergen");
      expect(authOf(right)).toMatchObject({ secrets: [SECRET] });
    });

    test("what is entered anew under another key counts, and old keys open until everything is sealed anew", async () => {
      const open = await database();
      await (await open()).accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      const changed = await open({ secret_key: OTHER_KEY, old_secret_keys: [KEY] });
      expect(authOf(changed)).toMatchObject({ secrets: [SECRET] });
      expect([await changed.renew(), await changed.renew()]).toEqual([1, 0]);
      expect(authOf(await open({ secret_key: OTHER_KEY }))).toMatchObject({ secrets: [SECRET] });
      const lost = await open();
      await lost.accounts.change(ID, { webhookSecret: "entered-anew" });
      expect(authOf(await open())).toMatchObject({ secrets: ["entered-anew"] });
    });

    test("a secret that is put into another row does not open there", async () => {
      const open = await database();
      const a = await open();
      await a.accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      const { credential } = await a.accounts.create({ name: "Bergen", webhookSecret: "another" });
      const { accounts } = await a.store.accounts();
      const stolen = accounts.find(({ credentialId }) => credentialId === credential.id)?.secrets ?? "";
      await a.store.writeAccount(ID, (known) => ({
        settings: known?.settings ?? "",
        secrets: stolen,
        isRemoved: false,
      }));
      await a.accounts.look();
      expect(authOf(a)).toEqual({ mode: "waiting", why: "sealed" });
    });

    test("a row that a later version has written is nobody's loss", async () => {
      const open = await database();
      const a = await open();
      await a.accounts.create({ name: "Bergen", webhookSecret: SECRET });
      await a.store.writeAccount(ID, () => ({ settings: '{"version":9}', secrets: "{}", isRemoved: false }));
      await a.accounts.look();
      expect(authOf(a)).toEqual({ mode: "waiting", why: "sealed" });
      expect(a.accounts.list().at(-1)?.id === ID || a.accounts.list().at(-2)?.id === ID).toBe(true);
    });

    test("an id that the configuration declares as well counts as declared there", async () => {
      const open = await database();
      const a = await open();
      await a.accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      const declared = { id: ID, name: "Declared", auth: "none" };
      const b = await open({ secret_key: KEY, credentials: [{ id: SIGNED, auth: "none" }, declared] });
      expect(b.accounts.list().map((credential) => credential.name)).toEqual([SIGNED, "Declared"]);
      expect(b.current.hidden).toEqual([ID]);
      b.declare(testConfig({ secret_key: KEY }));
      expect(b.accounts.get(ID)?.name).toBe("Oslo");
    });

    test("a removal parks the connections, and the same account made again takes them up", async () => {
      const open = await database();
      const a = await open();
      await a.accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      await a.store.upsertConnections(ID, [info("one")], "sync");
      await a.store.accept([{ credentialId: ID, eventId: "e1", eventType: "X" }]);
      const { stopped } = await a.accounts.remove(ID, { takeWebhook: false });
      expect(stopped.map(({ connectionId }) => connectionId)).toEqual(["one"]);
      expect((await a.store.connection("one"))?.state.phase).toMatchObject({ reason: "unmapped" });
      expect(await a.store.take("owner", 10)).toEqual([]);
      await a.accounts.create({ credentialId: ID, name: "Oslo", webhookSecret: SECRET });
      await a.store.upsertConnections(ID, [info("one")], "sync");
      const again = await a.store.connection("one");
      expect(again?.state.phase.name).toBe("IDLE");
      // What came before is still owed.
      expect(again?.state.syncedSeq).toBeLessThan(again?.demand.seq ?? 0);
    });
  });
}
