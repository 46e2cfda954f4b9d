import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fetch from "node-fetch";

import { AccountWorld, ADMIN_TOKEN } from "../accounts/account-world.ts";
import { PageClient } from "../accounts/page-client.ts";
import { tracesOf } from "../accounts/traces.ts";
import { CLIENT_SECRET } from "../simulators/airbyte/index.ts";
import { type RelayServer } from "../support/relay-server.ts";
import { type AccountAttack, nextAccountAttack } from "./hostile-accounts.ts";
import { randomOf } from "./random.ts";

const REQUESTS = 3000;
const AT_ONCE = 16;
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_260_102);
const SECRET = "00112233445566778899aabbccddeeff";
const DECLARED = { id: randomUUID(), name: "Declared", webhook_secrets: [SECRET] };
/** Never sent, and what would be a fault in any answer. */
const MARKUP = /<script>alert|<img src=x|onfocus=alert\(1\) autofocus='\s*>/;

/** The relay may hang up on whoever still sends what is too large. */
const HUNG_UP = 0;
/** A connection for each, lest one that the relay closes takes the next request with it. */
const AGENT = new Agent({ keepAlive: false });
const MOST_BYTES = 256 * 1024;

interface Result extends AccountAttack {
  status: number;
  answer: string;
}

let world: AccountWorld;
let relay: RelayServer;
let page: PageClient;
let hasEnded = false;
const results: Result[] = [];
/** Webhooks of the declared account meanwhile. */
const deliveries: number[] = [];
const secrets: string[] = [];

beforeAll(async () => {
  world = await AccountWorld.open();
  await world.configure({ credentials: [DECLARED], log_level: "info" });
  relay = await world.serve();
  void relay.ended.then(() => {
    hasEnded = true;
  });
  page = new PageClient(world.url);
  await page.signIn(ADMIN_TOKEN);
  secrets.push(ADMIN_TOKEN, CLIENT_SECRET, SECRET, world.secretKey, world.dixa.token);

  const over = new AbortController();
  const webhooks = deliver(over.signal);
  const random = randomOf(SEED);
  const ids: string[] = [DECLARED.id];
  let left = REQUESTS;
  const attacker = async () => {
    while (left-- > 0) {
      const attack = nextAccountAttack(random, { ids, token: world.dixa.token });
      if (attack.makes !== undefined) ids.push(attack.makes);
      if (ids.length > 30) ids.splice(1, 1);
      results.push(await carryOut(attack));
      for (const { secretKey } of world.dixa.subscriptions.list()) {
        if (!secrets.includes(secretKey)) secrets.push(secretKey);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attacker));
  over.abort();
  await webhooks;
}, 600_000);

afterAll(async () => {
  await relay.stop();
  await world.close();
}, 60_000);

async function deliver(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    deliveries.push(await world.deliver(DECLARED.id, SECRET));
    await delay(50);
  }
}

async function carryOut(attack: AccountAttack): Promise<Result> {
  const { via, method, path, headers, body } = attack;
  const own: Record<string, string> =
    via === "http" ? { authorization: `Bearer ${ADMIN_TOKEN}` } : { cookie: page.cookie };
  try {
    const response = await fetch(`${world.url}${path}`, {
      method,
      redirect: "manual",
      headers: { ...headers, ...own },
      agent: AGENT,
      ...(body === undefined ? {} : { body: body.replace("csrf=CSRF", `csrf=${page.csrf}`) }),
    });
    const text = await response.text();
    return {
      ...attack,
      status: response.status,
      answer: `${JSON.stringify([...response.headers])}\n${text}`,
    };
  } catch {
    return { ...attack, status: HUNG_UP, answer: "" };
  }
}

interface Stored {
  credential_id: string;
  origin: string;
  problem: string | null;
}

async function stored(): Promise<Stored[]> {
  const { text } = await world.call("GET", "/v1/credentials");
  const { credentials } = JSON.parse(text) as { credentials: Stored[] };
  return credentials.filter(({ origin }) => origin === "store");
}

describe(`${REQUESTS} hostile requests about accounts (seed ${SEED})`, () => {
  test("were made on every route, and some of each did what they asked for", () => {
    const kinds = Map.groupBy(results, ({ via, method, path }) => {
      const route = path.split("?", 1)[0]?.replace(/[^/]+-[^/]+-[^/]+-[^/]+-[^/]+/, ":id");
      return `${via} ${method} ${route}`;
    });
    const isDone = (status: number) => [200, 201, 303].includes(status);
    const done = [...kinds].flatMap(([kind, all]) =>
      all.some(({ status }) => isDone(status)) ? [kind] : [],
    );
    expect(done).toEqual(
      expect.arrayContaining([
        "http POST /v1/credentials",
        "http PATCH /v1/credentials/:id",
        "http POST /v1/credentials/:id/rotate",
        "http DELETE /v1/credentials/:id",
        "page POST /accounts",
        ...["rename", "settings", "rotate", "secret", "token", "remove", "look"].map(
          (form) => `page POST /accounts/:id/${form}`,
        ),
        "page GET /",
        "page GET /accounts/:id",
        "page GET /accounts/:id/manage",
      ]),
    );
    const statuses = new Set(results.map(({ status }) => status));
    for (const status of [400, 403, 404, 409, 413, 415, 424]) expect(statuses).toContain(status);
  });

  test("are never answered with a mistake of the relay", () => {
    expect(results.filter(({ status }) => status >= 500).slice(0, 5)).toEqual([]);
    const cut = results.filter(({ status }) => status === HUNG_UP);
    expect(cut.filter(({ body = "" }) => body.length < MOST_BYTES).map(({ path }) => path)).toEqual([]);
  });

  test("tell no secret, and bring nothing into the page or the headers", () => {
    const answers = Object.fromEntries(results.map(({ answer }, index) => [String(index), answer]));
    const mine = Object.entries(tracesIn(answers));
    expect(mine.slice(0, 3)).toEqual([]);
    const html = results.filter(({ answer }) => answer.includes("text/html"));
    expect(html.length).toBeGreaterThan(100);
    expect(html.filter(({ answer }) => MARKUP.test(answer)).slice(0, 2)).toEqual([]);
    expect(results.filter(({ answer }) => answer.includes('"set-cookie","a=b"'))).toEqual([]);
    // eslint-disable-next-line no-control-regex -- that there are none is what is looked for
    expect(html.filter(({ answer }) => /[\x00-\x08\x0b\x0e-\x1f]/.test(answer)).slice(0, 2)).toEqual([]);
  });

  test("leave no account half-made", async () => {
    const there = new Map((await stored()).map((account) => [account.credential_id, account]));
    const refused = results.filter(({ makes, status }) => makes !== undefined && status >= 400);
    expect(refused.length).toBeGreaterThan(50);
    expect(refused.filter(({ makes = "" }) => there.has(makes)).slice(0, 3)).toEqual([]);
    // Those that are there either work, or wait for a secret that a person has yet to give.
    for (const { problem } of there.values())
      expect(problem ?? "secret is missing").toContain("secret is missing");
    const addresses = new Set(world.dixa.subscriptions.list().map(({ url }) => url.split("/").at(-1)));
    expect(refused.filter(({ makes = "" }) => addresses.has(makes)).slice(0, 3)).toEqual([]);
    for (const id of there.keys()) {
      const { status, text } = await world.call("GET", `/v1/credentials/${id}`);
      expect(status).toBe(200);
      const { account } = JSON.parse(text) as {
        account: { dixa_webhook_id: string | null; problem: string | null };
      };
      const isInDixa = account.dixa_webhook_id !== null && addresses.has(id);
      expect([isInDixa, account.problem === null]).toEqual([isInDixa, isInDixa || account.problem === null]);
    }
  }, 60_000);

  test("hold up no webhook, and leave the relay running", async () => {
    expect(deliveries.length).toBeGreaterThan(20);
    expect(new Set(deliveries)).toEqual(new Set([202]));
    expect(hasEnded).toBe(false);
    expect((await world.call("GET", "/readyz")).status).toBe(200);
  });

  test("are no error in the log, which tells no secret either", () => {
    expect(
      relay.log
        .split("\n")
        .filter((line) => /"level":"(error|fatal)"/.test(line))
        .slice(0, 3),
    ).toEqual([]);
    expect(tracesOf(secrets, { log: relay.log })).toEqual([]);
  });
});

/** Secrets in answers; what somebody has typed as a name may come back. */
function tracesIn(answers: Record<string, string>): Record<string, string> {
  const found = tracesOf(secrets, answers).map(({ place, spelling }) => [place, spelling]);
  return Object.fromEntries(found) as Record<string, string>;
}

describe("many at once", () => {
  const atOnce = 12;
  const body = () => ({ name: "The same", dixa_token: world.dixa.token });

  test("of one name are accounts of their own", async () => {
    const before = world.dixa.subscriptions.list().length;
    const all = await Promise.all(
      Array.from({ length: atOnce }, () => world.call("POST", "/v1/credentials", body())),
    );
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: atOnce }, () => 201));
    expect(world.dixa.subscriptions.list()).toHaveLength(before + atOnce);
  }, 60_000);

  test("of one id are one account with one webhook", async () => {
    const credential_id = randomUUID();
    const before = world.dixa.subscriptions.list().length;
    const all = await Promise.all(
      Array.from({ length: atOnce }, () =>
        world.call("POST", "/v1/credentials", { ...body(), credential_id }),
      ),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: atOnce - 1 }, () => 200),
      201,
    ]);
    expect(world.dixa.subscriptions.list()).toHaveLength(before + 1);
    const [webhook] = world.dixa.subscriptions.list().slice(-1);
    expect(await world.deliver(credential_id, webhook?.secretKey ?? "")).toBe(202);
  }, 60_000);

  test("that rotate and remove one account end with none, and no webhook of it", async () => {
    const credential_id = randomUUID();
    await world.call("POST", "/v1/credentials", { ...body(), credential_id, keep_token: true });
    const path = `/v1/credentials/${credential_id}`;
    const all = await Promise.all([
      ...Array.from({ length: 4 }, () => world.call("POST", `${path}/rotate`, {})),
      ...Array.from({ length: 4 }, (_, index) => world.call("PATCH", path, { name: `n${index}` })),
      world.call("DELETE", `${path}?webhook=remove`),
    ]);
    expect(all.filter(({ status }) => status >= 500)).toEqual([]);
    expect((await world.call("GET", path)).status).toBe(404);
    expect(world.dixa.subscriptions.list().filter(({ url }) => url.endsWith(credential_id))).toEqual([]);
  }, 60_000);
});
