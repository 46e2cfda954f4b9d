import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import {
  type DeliveryStatus,
  type Subscription,
  type SubscriptionRequest,
} from "../../../src/dixa/webhooks/subscriptions.ts";
import { HttpStatusError } from "../../../src/http/errors.ts";
import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { subscribe, type SubscribeOptions } from "../../../src/relay/commands/subscribe.ts";
import { type RelayConfig } from "../../../src/relay/config/relay-config.ts";
import { BASIC, BEARER, SECRET, SIGNED, testConfig } from "../support/services-fixture.ts";

const NEW_SECRET = "aabbccddeeff";
const URL_OF = (id: string) => `https://relay.example.com/webhooks/dixa/${id}`;

let folder: string;
let lines: string[];
let dixa: FakeDixa;
let secrets: SecretFilter;

/** Dixa's subscriptions, in memory. */
class FakeDixa {
  readonly stored: Subscription[] = [];
  readonly requests: SubscriptionRequest[] = [];
  delivery: DeliveryStatus[] = [];
  /** Whether answers to changes hold the secret, which Dixa's documents leave open. */
  tellsSecret = true;

  list() {
    return Promise.resolve(this.stored);
  }
  get(id: string) {
    return Promise.resolve(this.#find(id));
  }
  create(request: SubscriptionRequest) {
    this.requests.push(request);
    this.stored.push(this.#subscription(`s${this.stored.length}`, request));
    return Promise.resolve(this.#told(this.stored.at(-1)!));
  }
  update(id: string, request: SubscriptionRequest) {
    this.requests.push(request);
    Object.assign(this.#find(id), this.#subscription(id, request));
    return Promise.resolve(this.#told(this.#find(id)));
  }
  switchTo(id: string, enabled: boolean) {
    return Promise.resolve(Object.assign(this.#find(id), { enabled }));
  }
  deliveryStatus() {
    return Promise.resolve(this.delivery);
  }
  add(url: string): void {
    const request = {
      name: "old",
      url,
      authorization: { _type: "NoAuth" },
      events: [],
      enabled: false,
    } as const;
    this.stored.push(this.#subscription(`s${this.stored.length}`, request));
  }
  #subscription(id: string, { name, url, events, enabled }: SubscriptionRequest): Subscription {
    return { id, name, url, subscribedEvents: [...events], enabled, secretKey: NEW_SECRET };
  }
  #find(id: string): Subscription {
    return this.stored.find((other) => other.id === id)!;
  }
  #told(subscription: Subscription): Subscription {
    return this.tellsSecret ? subscription : { ...subscription, secretKey: undefined };
  }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "relay-subscribe-"));
  lines = [];
  dixa = new FakeDixa();
  secrets = new SecretFilter();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function run(more: Partial<SubscribeOptions> = {}, id = SIGNED, config: RelayConfig = testConfig()) {
  await subscribe({
    subscriptions: dixa,
    credential: config.credentials.find((credential) => credential.id === id)!,
    publicUrl: config.publicUrl,
    secretFile: undefined,
    name: "dixa-relay",
    switchesOffOld: false,
    secrets,
    print: (line) => lines.push(line),
    ...more,
  });
  return lines.join("\n");
}

describe("subscribe", () => {
  test("creates the subscription with the address and events of the credential", async () => {
    const text = await run();
    expect(dixa.requests).toEqual([
      {
        name: "dixa-relay",
        url: URL_OF(SIGNED),
        authorization: { _type: "NoAuth" },
        events: expect.arrayContaining(["ConversationClosed", "ConversationMessageAdded"]),
        enabled: true,
      },
    ]);
    expect(dixa.requests[0]?.events).not.toContain("TypingStarted");
    expect(text).toContain(`created: Dixa sends 31 events to ${URL_OF(SIGNED)}`);
  });

  test("brings the subscription of the same address up to date, and leaves others alone", async () => {
    dixa.add("https://elsewhere.example.com/");
    dixa.add(URL_OF(SIGNED).toUpperCase());
    dixa.add(URL_OF(SIGNED));
    const text = await run();
    expect(dixa.stored).toHaveLength(3);
    expect(dixa.stored[0]?.name).toBe("old");
    expect(dixa.stored[1]).toMatchObject({ name: "old", enabled: true });
    expect(text).toContain("note: it was switched off in Dixa; it is on again now");
    expect(text).toContain("note: it keeps its name in Dixa, old; give another by --name");
    expect(text).toContain("updated:");
    expect(text).toContain("note: Dixa has a second subscription for this address, s2");
  });

  test("tells of a subscription that was left on at an address of before, and gives the name that was asked for", async () => {
    dixa.add("https://before.example.com/webhooks/dixa/" + SIGNED);
    dixa.stored[0]!.enabled = true;
    dixa.add(URL_OF(SIGNED));
    const text = await run({ name: "mine" });
    expect(text).toContain("to https://before.example.com/webhooks/dixa/");
    expect(text).toContain(
      "If that is an old public_url, switch it off in Dixa, or by `dixa-relay subscribe --switch-off-old`",
    );
    expect(dixa.stored[1]).toMatchObject({ name: "mine" });
    expect(dixa.stored[0]).toMatchObject({ name: "old", enabled: true });
  });

  test("switches off the one at an address of before, if it is told to, and none of another account", async () => {
    for (const id of [SIGNED, BASIC]) dixa.add("https://before.example.com/webhooks/dixa/" + id);
    for (const each of dixa.stored) each.enabled = true;
    const text = await run({ switchesOffOld: true });
    expect(text).toContain("switched off: Dixa no longer sends this credential's events to https://before");
    expect(dixa.stored.map(({ enabled }) => enabled)).toEqual([false, true, true]);
  });

  test.each([
    [BASIC, { _type: "BasicAuth", username: "dixa", password: "pass:word" }],
    [BEARER, { _type: "TokenAuth", value: "bearer-token" }],
  ])("hands Dixa the authorization of %s", async (id, authorization) => {
    await run({}, id);
    expect(dixa.requests[0]?.authorization).toEqual(authorization);
  });

  test("needs to know how Dixa reaches the relay", async () => {
    await expect(run({ publicUrl: undefined })).rejects.toThrow(/public_url is missing/);
  });

  test("says what is wrong when Dixa refuses", async () => {
    const refuse = (status: number, bodyText: string) => () =>
      Promise.reject(new HttpStatusError("GET https://dev.dixa.io/v1/webhooks", { status, bodyText }));
    const list = refuse(401, "");
    await expect(run({ subscriptions: { ...methods(), list } })).rejects.toThrow(
      /Dixa does not accept the API token/,
    );
    const create = refuse(400, '{"message":"url must be https"}');
    await expect(run({ subscriptions: { ...methods(), create } })).rejects.toThrow(/url must be https/);
  });

  test("shows how the last deliveries went", async () => {
    dixa.delivery = [
      {
        event: "ConversationClosed",
        last: { at: "2026-01-01T00:00:00Z", succeeded: false, status: "503", text: "" },
      },
      { event: "ConversationOpen", last: undefined },
    ];
    expect(await run()).toContain("delivery: ConversationClosed failed (503, 2026-01-01T00:00:00Z)");
    dixa.delivery = [];
    expect(await run()).toContain("delivery: Dixa has not sent anything lately");
  });
});

describe("the secret", () => {
  test.each([[true], [false]])(
    "is written for its owner alone (told at once: %s), and never printed",
    async (tells) => {
      dixa.tellsSecret = tells;
      const secretFile = join(folder, "secret");
      const text = await run({ secretFile });
      expect(readFileSync(secretFile, "utf8")).toBe(`${NEW_SECRET}\n`);
      expect(statSync(secretFile).mode & 0o777).toBe(0o600);
      expect(text).toContain(`secret: written to ${secretFile}`);
      expect(text).not.toContain(NEW_SECRET);
      expect(secrets.apply(NEW_SECRET)).toBe("****");
    },
  );

  test("comes before older ones, which stay", async () => {
    const secretFile = join(folder, "secret");
    writeFileSync(secretFile, "# mine\n0011\n2233\n");
    await run({ secretFile });
    expect(readFileSync(secretFile, "utf8")).toBe(`${NEW_SECRET}\n0011\n2233\n`);
    await run({ secretFile });
    expect(readFileSync(secretFile, "utf8")).toBe(`${NEW_SECRET}\n0011\n2233\n`);
  });

  test("goes where the configuration says, unless another file is named", async () => {
    const secretsFile = join(folder, "of-the-configuration");
    const credential = { ...testConfig().credentials[0]!, secretsFile };
    await run({ credential });
    expect(readFileSync(secretsFile, "utf8")).toContain(NEW_SECRET);
  });

  test("without a file is not written, and the way to get it is told", async () => {
    expect(await run()).toContain("secret: not written anywhere. Name a file with --secret-file");
  });

  test("that the relay has already changes nothing", async () => {
    const credential = testConfig({}, { webhook_secrets: [SECRET, NEW_SECRET] }).credentials[0]!;
    const secretFile = join(folder, "secret");
    expect(await run({ credential, secretFile })).toContain(
      "secret: the relay's configuration has it already",
    );
    expect(() => readFileSync(secretFile)).toThrow();
  });

  test("that can't be written is an error with the reason", async () => {
    await expect(run({ secretFile: join(folder, "no", "such", "folder") })).rejects.toThrow(
      /can't be written to .*: there is no such file/,
    );
  });
});

function methods(): SubscribeOptions["subscriptions"] {
  return {
    list: () => dixa.list(),
    get: (id) => dixa.get(id),
    create: (request) => dixa.create(request),
    update: (id, request) => dixa.update(id, request),
    deliveryStatus: () => dixa.deliveryStatus(),
    switchTo: (...args: Parameters<FakeDixa["switchTo"]>) => dixa.switchTo(...args),
  };
}
