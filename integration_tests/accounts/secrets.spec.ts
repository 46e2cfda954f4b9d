import { randomUUID } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";

import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { CLIENT_SECRET } from "../simulators/airbyte/index.ts";
import { type RelayServer } from "../support/relay-server.ts";
import { AccountWorld, ADMIN_TOKEN, until } from "./account-world.ts";
import { PageClient } from "./page-client.ts";
import { tracesOf } from "./traces.ts";

const WRONG = "wrong-token-0123456789";
/** What no header can carry. */
const UNUSABLE = "wrong token/0123456789+éé";
/** With what is spelled otherwise in an address, in a form, in HTML and in JSON. */
const byHand = (number: number) => `by-hand/${number}+0123456789&<"%=\\~`;

describe("secrets in their spellings", () => {
  const secret = byHand(1);
  test.each([
    ["as it is", secret],
    ["hex", Buffer.from(secret).toString("hex")],
    ["hex", Buffer.from(secret).toString("hex").toUpperCase()],
    ["URL", `/x?y=${encodeURIComponent(secret)}`],
    ["form", new URLSearchParams({ secret }).toString()],
    ["JSON", JSON.stringify({ secret })],
    [
      "HTML",
      `<input value="${secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")}">`,
    ],
    ...["", "a", "ab"].flatMap((before) =>
      (["base64", "base64url"] as const).map(
        (alphabet) => [alphabet, Buffer.from(`${before}${secret} after`).toString(alphabet)] as const,
      ),
    ),
  ])("are found: %s", (_, text) => {
    expect(tracesOf(["0123456789abcdef", secret], { there: `before${text}after` })).toContainEqual(
      expect.objectContaining({ place: "there", index: 1 }),
    );
  });

  test("are not found where they are not", () => {
    expect(tracesOf([secret], { there: "by-hand/0123456789" })).toEqual([]);
  });
});

/** What the store holds, in whatever form it lies there, and a way to plant something into it. */
interface StoreUnderSearch {
  contents: () => Promise<Record<string, Buffer | string>>;
  plant: (text: string) => Promise<void>;
}

async function filesBelow(
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<Record<string, Buffer>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile() && isWanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  // Of a running server some go away meanwhile.
  const contents = await Promise.all(
    paths.map(async (path) => [path, await readFile(path).catch(() => Buffer.alloc(0))] as const),
  );
  return Object.fromEntries(contents);
}

function sqliteIn(folder: string): StoreUnderSearch {
  return {
    contents: () => filesBelow(folder, (name) => name.startsWith("relay.db")),
    plant: (text) => {
      const database = new DatabaseSync(join(folder, "relay.db"), { timeout: 10_000 });
      database.exec("CREATE TABLE planted (text TEXT)");
      database.prepare("INSERT INTO planted VALUES (?)").run(text);
      database.close();
      return Promise.resolve();
    },
  };
}

function postgresAt(url: string): StoreUnderSearch {
  const query = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<T>(sql, values)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    contents: async () => {
      await query("CHECKPOINT").catch(() => []);
      const tables = await query<{ name: string }>(
        "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
      );
      const dumped = await Promise.all(
        tables.map(async ({ name }) => {
          const rows = await query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
          return [`table ${name}`, rows.map(({ text }) => text).join("\n")] as const;
        }),
      );
      // Old versions of rows and the write-ahead log, too.
      const folder = new URL(url).searchParams.get("host") ?? "";
      return { ...Object.fromEntries(dumped), ...(await filesBelow(folder, () => true)) };
    },
    plant: async (text) => {
      await query("CREATE TABLE planted (text TEXT)");
      await query("INSERT INTO planted VALUES ($1)", [text]);
    },
  };
}

describe.each(["SQLite", "PostgreSQL"])("a relay on %s that has kept and lost accounts", (kind) => {
  let postgres: PostgresServer | undefined;
  let world: AccountWorld;
  let relay: RelayServer;
  let store: StoreUnderSearch;
  let page: PageClient;
  /** All that there have ever been. */
  const secrets = new Set<string>([ADMIN_TOKEN, CLIENT_SECRET, WRONG, UNUSABLE]);
  /** Where something was told, and what. */
  const told: Record<string, string> = {};
  const declared = { id: randomUUID(), name: "Declared", webhook_secrets: [byHand(0)] };

  beforeAll(async () => {
    postgres = kind === "PostgreSQL" ? await startPostgres() : undefined;
    const url = await postgres?.createDatabase();
    world = await AccountWorld.open(url);
    store = url === undefined ? sqliteIn(world.folder) : postgresAt(url);
    for (const secret of [world.secretKey, world.dixa.token, byHand(0)]) secrets.add(secret);
    await world.configure({ credentials: [declared] });
    relay = await world.serve();
    page = new PageClient(world.url);
    await page.signIn(ADMIN_TOKEN);
    await overHttp();
    await byCommand();
    await onThePage();
    await withMistakes();
    await looksAtAll();
    for (const [what, answer] of Object.entries(page.answers)) told[`page: ${what}`] = answer;
  }, 120_000);

  afterAll(async () => {
    await relay.kill();
    await world.close();
    await postgres?.stop();
  }, 60_000);

  /** Dixa's secrets of now: each rotation makes another. */
  function remember(): void {
    for (const { secretKey } of world.dixa.subscriptions.list()) secrets.add(secretKey);
  }

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const answer = await world.call(method, path, body, headers);
    told[`${Object.keys(told).length} ${method} ${path} → ${answer.status}`] =
      `${answer.headers}\n${answer.text}`;
    remember();
    return answer;
  }

  async function run(args: readonly string[], env?: Record<string, string>): Promise<number | null> {
    const { status, stdout, stderr } = await world.run(args, env);
    told[`${Object.keys(told).length} ${args.join(" ")}`] = `${stdout}\n${stderr}`;
    remember();
    return status;
  }

  /** An account that is left, with its token; one that is removed with its kept token; one removed without. */
  async function overHttp(): Promise<void> {
    const dixa_token = world.dixa.token;
    const [left, removed, forgotten] = [randomUUID(), randomUUID(), randomUUID()];
    for (const credential_id of [left, removed]) {
      const made = { credential_id, name: "HTTP", dixa_token, keep_token: true, dixa_switch_on: true };
      expect((await ask("POST", "/v1/credentials", made)).status).toBe(201);
      expect((await ask("POST", `/v1/credentials/${credential_id}/rotate`, {})).status).toBe(200);
      const secret = byHand(secrets.size);
      secrets.add(secret);
      // It is no secret that a header can't carry, but one that Dixa may never have made.
      const changed = { webhook_secret: secret, name: "Renamed over HTTP" };
      expect((await ask("PATCH", `/v1/credentials/${credential_id}`, changed)).status).toBe(200);
      expect(await world.deliver(credential_id, secret)).toBe(202);
    }
    world.addConnection(left);
    const made = { credential_id: forgotten, name: "HTTP", dixa_token };
    expect((await ask("POST", "/v1/credentials", made)).status).toBe(201);
    expect((await ask("DELETE", `/v1/credentials/${removed}?webhook=remove`)).status).toBe(200);
    const token = { "x-dixa-api-token": dixa_token };
    const path = `/v1/credentials/${forgotten}?webhook=remove`;
    expect((await ask("DELETE", path, undefined, token)).status).toBe(200);
  }

  async function byCommand(): Promise<void> {
    const token = join(world.folder, "token");
    await writeFile(token, world.dixa.token);
    const [left, removed] = [randomUUID(), randomUUID()];
    const withToken = ["--dixa-token-file", token];
    for (const id of [left, removed]) {
      const kept = id === left ? ["--keep-token"] : [];
      expect(await run(["credential", "add", "Command", "--id", id, ...withToken, ...kept])).toBe(0);
      expect(await run(["credential", "rename", id, `Command ${id}`])).toBe(0);
      expect(await run(["credential", "rotate", id, ...withToken])).toBe(0);
      const secret = byHand(secrets.size);
      secrets.add(secret);
      expect(await run(["credential", "rotate", id], { DIXA_WEBHOOK_SECRET: secret })).toBe(0);
      expect(await world.deliver(id, secret)).toBe(202);
    }
    expect(await run(["credential", "set", left, "--max-staleness", "6h", "--switch-on"])).toBe(0);
    expect(await run(["credential", "remove", removed, "--webhook", ...withToken])).toBe(0);
  }

  async function onThePage(): Promise<void> {
    const token = world.dixa.token;
    const [left, removed, manual] = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of [left, removed]) {
      expect((await page.post("/accounts", { id, name: "Page", token, keep: "yes" })).status).toBe(303);
      remember();
      expect((await page.post(`/accounts/${id}/rename`, { name: "Renamed" })).status).toBe(303);
      expect((await page.post(`/accounts/${id}/settings`, { staleness: "6h", switch: "yes" })).status).toBe(
        303,
      );
      expect((await page.post(`/accounts/${id}/rotate`, {})).status).toBe(303);
      remember();
    }
    const secret = byHand(secrets.size);
    secrets.add(secret);
    expect((await page.post("/accounts", { id: manual, name: "By hand" })).status).toBe(303);
    expect(await world.deliver(manual, secret)).toBe(503);
    expect((await page.post(`/accounts/${manual}/secret`, { secret })).status).toBe(303);
    expect(await world.deliver(manual, secret)).toBe(202);
    expect((await page.post(`/accounts/${removed}/remove`, { take: "yes" })).status).toBe(303);
    // It says that the relay no longer switches the webhook on.
    expect((await page.post(`/accounts/${left}/token`, { forget: "yes" })).status).toBe(200);
    expect((await page.post(`/accounts/${left}/token`, { token })).status).toBe(303);
  }

  /** Secrets where they don't belong, and some that are wrong. */
  async function withMistakes(): Promise<void> {
    const [first = ""] = await ids();
    const { token } = world.dixa;
    for (const [method, path, body] of [
      ["POST", "/v1/credentials", { name: "x", dixa_token: WRONG }],
      ["POST", "/v1/credentials", { name: "x", dixa_token: UNUSABLE }],
      ["POST", "/v1/credentials", { name: "x", webhook_secret: UNUSABLE }],
      ["POST", "/v1/credentials", { name: "x", [token]: token }],
      ["POST", "/v1/credentials", { name: "x", credential_id: token }],
      ["POST", "/v1/credentials", { name: "x", timings: { [token]: token, debounce: token } }],
      ["POST", "/v1/credentials", { name: "x", events: [token] }],
      ["POST", "/v1/credentials", { name: "x", connections: token }],
      ["PATCH", `/v1/credentials/${first}`, { max_staleness: token }],
      ["PATCH", `/v1/credentials/${first}`, { overlap: token }],
      ["PATCH", `/v1/credentials/${first}`, { dixa_token: WRONG }],
      ["POST", `/v1/credentials/${first}/rotate`, { dixa_token: WRONG }],
      ["GET", `/v1/credentials/${token}`, undefined],
      ["GET", `/${token}?${token}`, undefined],
      ["GET", `/accounts/${token}`, undefined],
    ] as const) {
      expect((await ask(method, path, body)).status).toBeGreaterThanOrEqual(300);
    }
    const headers = { "x-dixa-api-token": WRONG };
    await ask("DELETE", `/v1/credentials/${first}?webhook=remove`, undefined, headers);
    await ask("DELETE", `/v1/credentials/${first}?webhook=${token}`);
    for (const form of ["rotate", "secret", "token", "remove", "settings", "rename"]) {
      await page.post(`/accounts/${first}/${form}`, {
        name: "\0",
        token: UNUSABLE,
        secret: UNUSABLE,
        take: "yes",
      });
    }
    await page.post("/accounts", { id: randomUUID(), name: "x", token: WRONG });
    await page.post("/accounts", { id: randomUUID(), name: "", token, secret: byHand(0) });
    await page.post("/login", { token: UNUSABLE });
    expect(await world.deliver(first, UNUSABLE)).toBe(401);
    expect(await run(["credential", "add", "x"], { DIXA_API_TOKEN: WRONG })).toBe(1);
    expect(await run(["credential", "remove", "nobody"], { DIXA_API_TOKEN: token })).toBe(1);
  }

  async function ids(): Promise<string[]> {
    const { text } = await world.call("GET", "/v1/credentials");
    const { credentials } = JSON.parse(text) as { credentials: { credential_id: string; origin: string }[] };
    return credentials.filter(({ origin }) => origin === "store").map(({ credential_id: id }) => id);
  }

  async function looksAtAll(): Promise<void> {
    const all = await ids();
    expect(all).toHaveLength(4);
    await until("the watch has asked Dixa", async () =>
      (await world.call("GET", "/v1/credentials")).text.includes('"state":"on"'),
    );
    for (const path of ["/livez", "/readyz", "/metrics", "/openapi.json", "/v1/credentials", "/nowhere"]) {
      await ask("GET", path);
    }
    for (const path of [
      "/",
      "/?page=2",
      "/?q=Page",
      "/page/fragment",
      "/accounts/new",
      "/login",
      "/accounts/x",
    ]) {
      await page.get(path);
    }
    await page.get(`/accounts/new?id=${randomUUID()}`);
    for (const id of [...all, declared.id, randomUUID()]) {
      for (const path of ["", "/connections", "/events"]) await ask("GET", `/v1/credentials/${id}${path}`);
      for (const path of ["", "/fragment", "/manage", "/remove", "/setup", "/setup/fragment"]) {
        await page.get(`/accounts/${id}${path}`);
      }
    }
    expect([0, 1]).toContain(await run(["doctor", "--config", world.config]));
    expect([0, 1]).toContain(await run(["doctor", "--config", world.config, "--json"]));
    expect(await run(["status"])).toBe(0);
    expect(await run(["status", "--json"])).toBe(0);
  }

  test("tells no secret in any answer, page, metric, command or diagnosis", () => {
    expect(secrets.size).toBeGreaterThan(15);
    expect(Object.keys(told).length).toBeGreaterThan(100);
    expect(tracesOf([...secrets], told)).toEqual([]);
  });

  test("says much in its log, and no secret", () => {
    expect(relay.log.split("\n").length).toBeGreaterThan(50);
    expect(tracesOf([...secrets], { log: relay.log })).toEqual([]);
  });

  test("has no secret in its store while it runs, and none after it was killed", async () => {
    expect(tracesOf([...secrets], await store.contents())).toEqual([]);
    await relay.kill();
    const contents = await store.contents();
    expect(tracesOf([...secrets], contents)).toEqual([]);
    // What is searched is the store.
    const bytes = Object.values(contents);
    expect(bytes.some((content) => Buffer.from(content).includes("Renamed over HTTP"))).toBe(true);
    const [secret = ""] = secrets;
    await store.plant(Buffer.from(`{"secret":"${secret}"}`).toString("base64"));
    expect(tracesOf([secret], await store.contents())).not.toEqual([]);
  }, 60_000);

  test("opens what it has kept when it is started again", async () => {
    relay = await world.serve();
    const list = await world.call("GET", "/v1/credentials");
    expect(list.text).not.toMatch(/"problem":"/);
  }, 30_000);
});
