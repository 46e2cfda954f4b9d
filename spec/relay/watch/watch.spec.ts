import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { type DeliveryStatus, type Subscription } from "../../../src/dixa/webhooks/subscriptions.ts";
import { HttpStatusError, NetworkError } from "../../../src/http/errors.ts";
import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { type WebhookAuth } from "../../../src/relay/config/auth.ts";
import { type RawCredential } from "../../../src/relay/config/schema.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { StoreUnavailableError } from "../../../src/relay/store/store-unavailable.ts";
import { createRelayLogger } from "../../../src/relay/telemetry/log.ts";
import { Metrics } from "../../../src/relay/telemetry/metrics.ts";
import { Watch, type WatchOptions } from "../../../src/relay/watch/watch.ts";
import { memoryDatabase } from "../store/sqlite-database.ts";
import { webhookEvent } from "../support/events.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { BASIC, SIGNED, testConfig } from "../support/services-fixture.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ADDRESS = `https://relay.example.com/webhooks/dixa/${SIGNED}`;
const TOKEN = "token-of-dixa-0123456789";

/** Dixa's side of one account. */
class FakeDixa {
  readonly subscriptions: Subscription[] = [];
  delivery: DeliveryStatus[] = [];
  isDown = false;
  /** Whether it says nothing of deliveries. */
  isSilent = false;
  /** Whether it does what it is asked to. */
  obeys = true;
  switched: string[] = [];
  opened = 0;

  add(id: string, changes: Partial<Subscription> = {}): Subscription {
    const made = { id, name: "dixa-relay", url: ADDRESS, subscribedEvents: [], enabled: true, ...changes };
    this.subscriptions.push(made);
    return made;
  }

  list = () =>
    this.isDown
      ? Promise.reject(new NetworkError("ECONNRESET", "no answer"))
      : Promise.resolve(this.subscriptions);
  deliveryStatus = () =>
    this.isSilent
      ? Promise.reject(new NetworkError("ECONNRESET", "no status"))
      : Promise.resolve(this.delivery);
  switchTo = (id: string, enabled: boolean) => {
    this.switched.push(id);
    if (!this.obeys) return Promise.reject(new HttpStatusError("PATCH", { status: 403, bodyText: "" }));
    const found = this.subscriptions.find((each) => each.id === id)!;
    found.enabled = enabled;
    return Promise.resolve(found);
  };
}

let clock: ManualClock;
let store: Store;
let dixa: FakeDixa;
let metrics: Metrics;
let lines: string[];
let errors: unknown[];
let wakes: number;

beforeEach(async () => {
  clock = new ManualClock();
  dixa = new FakeDixa();
  metrics = new Metrics();
  lines = [];
  errors = [];
  wakes = 0;
  store = await memoryDatabase().open({ clock, timingsOf: testConfig().timingsOf });
  await store.ensureCredentials([SIGNED, BASIC]);
});

afterEach(() => store.close());

function watch(first: Partial<RawCredential> = {}, more: Partial<WatchOptions> = {}): Watch {
  const config = testConfig({}, { dixa_api_token: TOKEN, ...first });
  const secrets = new SecretFilter();
  return new Watch({
    config: () => config,
    store,
    ingest: {
      accept: async (event) => {
        const [answer] = await store.accept([event]);
        return answer === "locked" ? Promise.reject(new Error("locked")) : answer!;
      },
      probe: () => store.ping(),
    },
    clock,
    logger: createRelayLogger({ secrets, level: "info", write: (line) => lines.push(line) }),
    metrics,
    openSubscriptions: () => {
      dixa.opened++;
      return { subscriptions: dixa, close: () => dixa.opened-- };
    },
    wake: () => wakes++,
    onError: (error) => errors.push(error),
    stopwatch: clock.now,
    ...more,
  });
}

const look = (of: Watch) => of.lookAtDixa(new AbortController().signal);
const owedOf = async (id = SIGNED) => (await store.credentialSummary(id))?.owed?.reason;
const owedInAll = async () =>
  /dixa_relay_owed_syncs_total\{reason="(\w+)"\} [1-9]/.exec(
    await metrics.scrape({
      credentials: () => store.credentialSummaries(),
      isReady: () => Promise.resolve(true),
      now: clock.now,
    }),
  )?.[0];

describe("a relay that was away", () => {
  test("has every credential owe a sync, and says so once", async () => {
    const relay = watch();
    await relay.beat();
    clock.advance(5 * MINUTE);
    await relay.beat();
    await relay.beat();
    expect(await owedOf(SIGNED)).toBe("outage");
    expect(await owedOf(BASIC)).toBe("outage");
    expect(lines.filter((line) => line.includes("no relay was listening for 5m"))).toHaveLength(1);
    expect(await owedInAll()).toBe('dixa_relay_owed_syncs_total{reason="outage"} 2');
    expect(wakes).toBe(1);
  });

  test("has missed nothing when another replica was there", async () => {
    const [one, two] = [watch(), watch()];
    for (let minute = 0; minute < 10; minute++) {
      await one.beat();
      clock.advance(20_000);
      await two.beat();
      clock.advance(20_000);
    }
    expect(lines).toEqual([]);
    clock.advance(20_000);
    await one.beat();
    expect(lines).toHaveLength(1);
  });
});

describe("a store that can't be written", () => {
  test("leaves those that were refused owing one sync each, once it can be, whichever replica refused them", async () => {
    let isDown = false;
    const failing = () => Promise.reject(new StoreUnavailableError("the disk is full"));
    const own: WatchOptions["store"] = {
      beat: (...args) => (isDown ? failing() : store.beat(...args)),
      owe: (...args) => (isDown ? failing() : store.owe(...args)),
      oweStale: (...args) => store.oweStale(...args),
      reportSubscription: (...args) => store.reportSubscription(...args),
      subscriptionsDue: (...args) => store.subscriptionsDue(...args),
    };
    const ingest: WatchOptions["ingest"] = {
      accept: async (event) => (isDown ? failing() : (await store.accept([event]), "new")),
      probe: () => Promise.resolve(),
    };
    const replicas = [watch({}, { store: own, ingest }), watch({}, { store: own, ingest })];
    for (const each of replicas) await each.beat();
    isDown = true;
    for (const each of replicas) {
      await expect(each.ingest.accept(webhookEvent(SIGNED, "e1"))).rejects.toThrow("the disk is full");
    }
    clock.advance(10_000);
    await expect(replicas[0]!.beat()).rejects.toThrow("the disk is full");
    isDown = false;
    for (const each of [...replicas, ...replicas]) await each.beat();
    expect(await owedOf(SIGNED)).toBe("refused");
    expect(await owedOf(BASIC)).toBeUndefined();
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(1);
    expect(lines.filter((line) => line.includes("Dixa EU owes a sync: webhooks were refused"))).toHaveLength(
      1,
    );
  });

  test("owes one sync and not two where it was long enough to be an outage", async () => {
    const relay = watch(
      {},
      { ingest: { accept: () => Promise.reject(new Error("full")), probe: () => store.ping() } },
    );
    await relay.beat();
    await expect(relay.ingest.accept(webhookEvent(SIGNED, "e1"))).rejects.toThrow("full");
    clock.advance(HOUR);
    await relay.beat();
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(1);
  });

  test("owes what could not be checked once the account's secret is there, or when it stops", async () => {
    let auth: WebhookAuth = { mode: "waiting", why: "no_secret" };
    const config = testConfig();
    const now = () => ({
      ...config,
      credentials: config.credentials.map((each) => (each.id === SIGNED ? { ...each, auth } : each)),
    });
    const relay = watch({}, { config: now });
    relay.ingest.note(SIGNED);
    await relay.beat();
    expect(await owedOf()).toBeUndefined();
    auth = { mode: "none" };
    await relay.beat();
    await relay.beat();
    expect(await owedOf()).toBe("refused");
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(1);
    auth = { mode: "waiting", why: "no_secret" };
    clock.advance(1);
    relay.ingest.note(SIGNED);
    await relay.beat({ isLast: true });
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(2);
  });

  test("forgets no refusal while the credential is locked, nor one that came meanwhile", async () => {
    const told: number[] = [];
    let during = () => Promise.resolve();
    let locked = [SIGNED];
    const relay = watch(
      {},
      {
        ingest: { accept: () => Promise.reject(new Error("full")), probe: () => store.ping() },
        store: {
          ...watchedStore(),
          owe: async (missed) => {
            told.push(missed.length);
            await during();
            return { owed: [], locked };
          },
        },
      },
    );
    const refuse = () => relay.ingest.accept(webhookEvent(SIGNED, "e1")).then(undefined, () => undefined);
    await refuse();
    await relay.beat();
    locked = [];
    during = async () => {
      clock.advance(1);
      await refuse();
    };
    await relay.beat();
    during = () => Promise.resolve();
    await relay.beat();
    await relay.beat();
    expect(told).toEqual([1, 1, 1]);
  });
});

/** The store's part for the watch, to change one method of it. */
function watchedStore(): WatchOptions["store"] {
  return {
    beat: (...args) => store.beat(...args),
    owe: (...args) => store.owe(...args),
    oweStale: (...args) => store.oweStale(...args),
    reportSubscription: (...args) => store.reportSubscription(...args),
    subscriptionsDue: (...args) => store.subscriptionsDue(...args),
  };
}

describe("a subscription", () => {
  test("that is on and well is told of no more than that", async () => {
    dixa.add("s1");
    await look(watch());
    expect({ lines, errors, owed: await owedOf(), opened: dixa.opened }).toEqual({
      lines: [],
      errors: [],
      owed: undefined,
      opened: 0,
    });
    expect((await store.credentialSummary(SIGNED))?.subscription).toMatchObject({
      state: "on",
      failing: null,
    });
  });

  test("that was switched off is told of, owes a sync, and stays off unless the configuration says otherwise", async () => {
    const off = dixa.add("s1", { enabled: false });
    const relay = watch();
    for (let time = 0; time < 3; time++) {
      await look(relay);
      clock.advance(10 * MINUTE);
    }
    expect(dixa.switched).toEqual([]);
    expect(lines.filter((line) => line.includes("switched off, so no event comes"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("owes a sync: its webhook in Dixa was"))).toHaveLength(1);
    const metric = 'dixa_relay_subscription_on{credential="' + SIGNED + '"}';
    const scrape = () =>
      metrics.scrape({
        credentials: () => store.credentialSummaries(),
        isReady: () => Promise.resolve(true),
        now: clock.now,
      });
    expect(await scrape()).toContain(`${metric} 0`);
    off.enabled = true;
    await look(relay);
    expect(await scrape()).toContain(`${metric} 1`);
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(2);
  });

  test("that was switched off is switched on where the configuration allows it, and owes one sync", async () => {
    dixa.add("other", { url: "https://elsewhere.example.com/", enabled: false });
    dixa.add("s1", { enabled: false });
    const relay = watch({ dixa_switch_on: true });
    await look(relay);
    clock.advance(10 * MINUTE);
    await look(relay);
    expect(dixa.switched).toEqual(["s1"]);
    expect(lines.filter((line) => line.includes("was switched off; it is on again now"))).toHaveLength(1);
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(1);
  });

  test.each([true, false])(
    "that was off is known to be so, though Dixa does not say how deliveries fare; switched on: %s",
    async (switchesOn) => {
      dixa.add("s1", { enabled: false });
      dixa.isSilent = true;
      await look(watch({ dixa_switch_on: switchesOn }));
      expect((await store.credentialSummary(SIGNED))?.seq).toBe(1);
      expect(lines.join("\n")).toContain("how its webhooks fare is not known");
    },
  );

  test("that Dixa does not switch on counts as off, with the reason", async () => {
    dixa.add("s1", { enabled: false });
    dixa.obeys = false;
    await look(watch({ dixa_switch_on: true }));
    expect(lines.join("\n")).toContain(
      "Dixa does not switch its webhook on: Dixa accepts the API token but gives it no right",
    );
    expect((await store.credentialSummary(SIGNED))?.subscription).toMatchObject({ state: "off" });
  });

  test("that has failed to deliver owes a sync for each newer failure, and says which", async () => {
    dixa.add("s1");
    const failed = (at: string): DeliveryStatus => ({
      event: "ConversationClosed",
      last: { at, succeeded: false, status: "503", text: "Try\nagain\u001b[2J" },
    });
    const fine = {
      event: "ConversationOpen",
      last: { ...failed("2026-02-01T00:00:00Z").last!, succeeded: true },
    };
    const relay = watch();
    dixa.delivery = [{ event: "TypingStarted", last: undefined }, failed("2026-01-01T00:00:05Z"), fine];
    await look(relay);
    clock.advance(10 * MINUTE);
    await look(relay);
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(1);
    expect((await store.credentialSummary(SIGNED))?.subscription?.failing).toBe(
      "ConversationClosed at 2026-01-01T00:00:05.000Z (503, Try again [2J)",
    );
    dixa.delivery = [failed("2026-01-01T00:09:00Z")];
    clock.advance(10 * MINUTE);
    await look(relay);
    expect((await store.credentialSummary(SIGNED))?.seq).toBe(2);
    expect(await owedInAll()).toBe('dixa_relay_owed_syncs_total{reason="deliveries"} 2');
  });

  test("of an address of before counts only while there is none of now", async () => {
    const old = dixa.add("old", {
      url: `https://old.example.com/hooks/webhooks/dixa/${SIGNED.toUpperCase()}`,
    });
    await look(watch());
    expect((await store.credentialSummary(SIGNED))?.subscription?.state).toBe("on");
    dixa.add("now", { enabled: false });
    clock.advance(10 * MINUTE);
    await look(watch());
    expect(old.enabled).toBe(true);
    expect((await store.credentialSummary(SIGNED))?.subscription?.state).toBe("off");
  });

  test("that can't be asked about is neither on nor off, and owes nothing", async () => {
    dixa.isDown = true;
    await look(watch());
    expect(lines.join("\n")).toContain(
      "how its webhooks fare is not known: Dixa can't be reached: no answer",
    );
    expect((await store.credentialSummary(SIGNED))?.subscription ?? null).toBeNull();
    expect(dixa.opened).toBe(0);
  });

  test("is asked about by one replica at a time, and not without a token", async () => {
    dixa.add("s1");
    let looks = 0;
    const counting: Partial<WatchOptions> = {
      openSubscriptions: () => {
        looks++;
        return { subscriptions: dixa, close: () => undefined };
      },
    };
    await look(watch({}, counting));
    await look(watch({}, counting));
    await look(watch({ dixa_api_token: undefined }, counting));
    expect(looks).toBe(1);
    clock.advance(5 * MINUTE);
    await look(watch({}, counting));
    expect(looks).toBe(2);
  });
});

test("a credential with max_staleness owes a sync when nothing has come for so long", async () => {
  const config = testConfig();
  const credentials = config.credentials.map((each) =>
    each.id === SIGNED ? { ...each, maxStalenessMs: HOUR } : each,
  );
  const relay = watch({}, { config: () => ({ ...config, credentials }) });
  await store.accept([webhookEvent(SIGNED, "e1")]);
  await relay.beat();
  for (let minute = 0; minute < 130; minute++) {
    clock.advance(10_000 * 3);
    await relay.beat();
    clock.advance(10_000 * 3);
    await relay.beat();
  }
  expect(await owedOf(SIGNED)).toBe("stale");
  expect((await store.credentialSummary(SIGNED))?.seq).toBe(3);
  expect(await owedOf(BASIC)).toBeUndefined();
});
