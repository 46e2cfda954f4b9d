import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { type LoadOptions, loadRelayConfig } from "../../../src/relay/config/load.ts";

const ID = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const OTHER = "0e34ab6b-3b6f-4b0f-9f8e-5f2f0b9a7c11";
const CONNECTION = "e735894a-e773-4938-969f-45f53957b75b";
const ENV = {
  RELAY_ADMIN_TOKEN: "admin-token-0123456789",
  AIRBYTE_CLIENT_ID: "client",
  AIRBYTE_CLIENT_SECRET: "client-secret-123",
  DIXA_WEBHOOK_SECRET: "00ff00ff00ff",
};
/** The small installation of the guide. */
const SMALL = `
admin_token: \${RELAY_ADMIN_TOKEN}
airbyte:
  client_id: \${AIRBYTE_CLIENT_ID}
  client_secret: \${AIRBYTE_CLIENT_SECRET}
credentials:
  - id: ${ID}
    name: Dixa EU
    webhook_secrets: [\${DIXA_WEBHOOK_SECRET}]
`;

let folder: string;
let secrets: SecretFilter;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "relay-config-"));
  secrets = new SecretFilter();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function load(yaml: string, env: LoadOptions["env"] = ENV, more: Partial<LoadOptions> = {}) {
  return loadRelayConfig({ path: write("relay.yaml", yaml), env, secrets, ...more });
}

/** What is said of a configuration that can't be used. */
function faultOf(yaml: string, env: LoadOptions["env"] = ENV): string {
  try {
    load(yaml, env);
  } catch (error) {
    expect(error).toMatchObject({ name: "ConfigError" });
    return (error as Error).message;
  }
  throw new Error("the configuration was accepted");
}

describe("a small configuration", () => {
  test("is completed by the defaults", () => {
    const { config, warnings } = load(SMALL);
    expect(config).toMatchObject({
      listen: { host: "0.0.0.0", port: 8080 },
      publicUrl: undefined,
      store: { kind: "sqlite", path: join(folder, "relay.db") },
      adminToken: "admin-token-0123456789",
      airbyte: {
        url: "https://api.airbyte.com/v1",
        appUrl: "https://cloud.airbyte.com",
        auth: { mode: "client_credentials", clientId: "client", clientSecret: "client-secret-123" },
        workspaces: [],
        perSecond: 1,
        burst: 5,
        concurrency: 2,
        startTimeoutMs: 90_000,
        timeoutMs: 15_000,
      },
      credentials: [
        {
          id: ID,
          name: "Dixa EU",
          auth: { mode: "signature", secrets: ["00ff00ff00ff"], maxAgeMs: undefined },
          connections: { by: "credential_id" },
        },
      ],
      onDiscover: "sync",
      refreshMs: 300_000,
      retentionMs: 7 * 86_400_000,
      logLevel: "info",
    });
    expect(config.timingsOf(ID, CONNECTION)).toEqual(DEFAULT_TIMINGS);
    expect(config.credentials[0]?.events.accepts("SOMETHING_NEW")).toBe(true);
    expect(config.credentials[0]?.events.accepts("TYPING_STARTED")).toBe(false);
    expect(warnings).toEqual([]);
  });

  test("can come from the environment alone", () => {
    const { config } = loadRelayConfig({
      path: undefined,
      secrets,
      env: {
        ...ENV,
        RELAY_LISTEN: "127.0.0.1:9000",
        RELAY_STORE: ":memory:",
        RELAY_MAX_FAILED_JOBS: "3",
        RELAY_DEBOUNCE: "2s",
        AIRBYTE_WORKSPACES: `${ID}, ${OTHER}`,
        AIRBYTE_CLIENT_SECRET: "with ${BRACES} in it",
        DIXA_CREDENTIAL_ID: ID.toUpperCase(),
        DIXA_WEBHOOK_SECRETS: "00ff,11ee",
        DIXA_EVENTS: "conversation,ConversationMessageAdded",
      },
    });
    expect(config).toMatchObject({
      listen: { host: "127.0.0.1", port: 9000 },
      store: { kind: "sqlite", path: ":memory:" },
      airbyte: { workspaces: [ID, OTHER], auth: { clientSecret: "with ${BRACES} in it" } },
      credentials: [{ id: ID, name: ID, auth: { secrets: ["00ff", "11ee"] } }],
    });
    expect(config.timingsOf(ID, CONNECTION)).toMatchObject({ debounce: 2000, maxFailedJobs: 3 });
    expect(config.credentials[0]?.events.apiEvents).toContain("ConversationMessageAdded");
  });

  test("from an empty environment names the variables that are needed", () => {
    expect(() => loadRelayConfig({ path: undefined, secrets, env: {} })).toThrow(
      /RELAY_ADMIN_TOKEN is missing[^]*DIXA_CREDENTIAL_ID .* is missing/,
    );
  });
});

describe("secrets", () => {
  test("are read from files beside the configuration, without the line end", () => {
    mkdirSync(join(folder, "secrets"));
    write("secrets/admin", "admin-token-from-file\n");
    write("secrets/webhook", "# of the old subscription\n00ff\n\n11ee\n");
    const { config } = load(
      SMALL.replace("admin_token: ${RELAY_ADMIN_TOKEN}", "admin_token_file: secrets/admin").replace(
        "webhook_secrets: [${DIXA_WEBHOOK_SECRET}]",
        "webhook_secrets_file: ./secrets/webhook",
      ),
    );
    expect(config.adminToken).toBe("admin-token-from-file");
    expect(config.credentials[0]).toMatchObject({
      auth: { secrets: ["00ff", "11ee"] },
      secretsFile: join(folder, "secrets/webhook"),
    });
  });

  test("of a webhook may be missing for the command that fetches them, and for no other", () => {
    const yaml = SMALL.replace(
      "webhook_secrets: [${DIXA_WEBHOOK_SECRET}]",
      "webhook_secrets_file: later.txt",
    );
    expect(faultOf(yaml)).toContain("`dixa-relay subscribe` writes it");
    expect(load(yaml, ENV, { mayLackSecrets: true }).config.credentials[0]).toMatchObject({
      auth: { secrets: [] },
      secretsFile: join(folder, "later.txt"),
    });
  });

  test("are known to the filter, also when the configuration is refused", () => {
    const yaml = `${SMALL}    token: bearer-token-1
    password: 12345
    nonsense: true
store: postgres://relay:p%40ssword@db/relay
`;
    faultOf(yaml);
    for (const secret of [
      "admin-token-0123456789",
      "client-secret-123",
      "00ff00ff00ff",
      "bearer-token-1",
      "p%40ssword",
      "p@ssword",
    ]) {
      expect(secrets.apply(`a ${secret} b`)).toBe("a **** b");
    }
  });

  test("never stand in what is said of a fault", () => {
    const broken = faultOf("admin_token: 'very-secret-token\ncredentials: [");
    expect(broken).toMatch(/line \d+, column \d+ is not YAML/);
    expect(broken).not.toContain("very-secret");
    const misplaced = faultOf(`${SMALL}    auth: very-secret-token`);
    expect(misplaced).toBe(
      "The configuration can't be used: credentials[0].auth is a string of 17 characters, but must be signature, " +
        "basic, bearer or none.",
    );
  });
});

describe("timings", () => {
  test("of a connection win over those of its credential, and these over the general ones", () => {
    const { config } = load(`${SMALL}    debounce: 10s
    connection_timings:
      ${CONNECTION}: { debounce: 5s, max_failed_jobs: 2 }
timings: { debounce: 1s, max_wait: 1m, refresh: 20s }
`);
    expect(config.timingsOf(ID, CONNECTION)).toMatchObject({
      debounce: 5000,
      maxWait: 60_000,
      maxFailedJobs: 2,
    });
    expect(config.timingsOf(ID, OTHER)).toMatchObject({ debounce: 10_000, maxFailedJobs: 8 });
    expect(config.timingsOf(OTHER, CONNECTION)).toMatchObject({ debounce: 1000 });
    expect(config.refreshMs).toBe(20_000);
  });

  test("that contradict each other are refused", () => {
    expect(faultOf(`${SMALL}    debounce: 10m`)).toContain(
      "credentials[0]: debounce is 10m and max_wait 2m, so the debounce would never count",
    );
    expect(
      faultOf(`${SMALL}timings: { lease: 30s }`.replace("airbyte:", "airbyte:\n  start_timeout: 30s")),
    ).toContain("timings: lease is 30s, but a request to start a sync may take 30s");
  });

  test("of a short lease shorten the longest request with it", () => {
    expect(load(`${SMALL}timings: { lease: 4s }`).config.airbyte.startTimeoutMs).toBe(3000);
  });
});

describe("the store", () => {
  test("is PostgreSQL when its address says so, and DATABASE_URL wins", () => {
    const url = "postgres://relay@db/relay";
    expect(load(`${SMALL}store: ${url}`).config.store).toEqual({ kind: "postgres", url });
    const other = "postgresql://relay@db2/relay";
    expect(load(`${SMALL}store: ./x.db`, { ...ENV, DATABASE_URL: other }).config.store).toEqual({
      kind: "postgres",
      url: other,
    });
    expect(load(SMALL, { ...ENV, DATABASE_URL: "" }).config.store.kind).toBe("sqlite");
    expect(faultOf(SMALL, { ...ENV, DATABASE_URL: "mysql://db" })).toContain(
      "DATABASE_URL is set, but does not start with postgres://",
    );
  });
});

describe("Airbyte's web application", () => {
  test.each([
    ["https://api.airbyte.com/v1", "https://cloud.airbyte.com"],
    ["https://airbyte.example.com/api/public/v1/", "https://airbyte.example.com"],
    ["http://airbyte-server:8001/v1", undefined],
  ])("of %s is at %s", (url, appUrl) => {
    const { config, warnings } = load(SMALL.replace("airbyte:", `airbyte:\n  url: ${url}`));
    expect(config.airbyte.appUrl).toBe(appUrl);
    expect(warnings.length).toBe(url.startsWith("http:") ? 1 : 0);
  });
});

describe("a fault", () => {
  const small = (more: string) => `${SMALL}${more}`;

  test.each([
    [
      "of a missing variable",
      SMALL,
      "credentials[0].webhook_secrets[0] takes its value from ${DIXA_WEBHOOK_SECRET}, which is not set.",
    ],
    [
      "of a misspelt key",
      small("    debonce: 3s"),
      "credentials[0].debonce is not a key that the relay knows.",
    ],
    [
      "of a duration without unit",
      small("    debounce: 30"),
      "credentials[0].debounce is an integer, but must be a duration such as 500ms, 30s",
    ],
    [
      "of a wrong id",
      small("").replace(ID, "dixa-eu"),
      "credentials[0].id is a string of 7 characters, but must be a UUID",
    ],
    [
      "of an unknown event",
      small("    events: [closed]"),
      "credentials[0].events[0] is a string of 6 characters, but is no event: name a group",
    ],
    [
      "of an odd selection",
      small("    connections: some"),
      "credentials[0].connections is a string of 4 characters, but must be auto, tag:<name>, or a list",
    ],
    ["of an empty selection", small("    connections: []"), "but must be auto, tag:<name>, or a list"],
    [
      "of an admin token that no header can carry",
      "admin_token: a-token, with-0123456789\n" + SMALL.replace(/admin_token.*/, ""),
      "must not contain spaces, commas or anything beyond ASCII",
    ],
    [
      "of a bearer token that no header can carry",
      small("    auth: bearer\n    token: 'one two'"),
      "credentials[0].token is a string of 7 characters, but must not contain spaces, commas",
    ],
    [
      "of a user name with a colon",
      small("    auth: basic\n    username: 'a:b'\n    password: x"),
      "credentials[0].username is a string of 3 characters, but must not contain a colon",
    ],
    [
      "of a short admin token",
      "admin_token: short\n" + SMALL.replace(/admin_token.*/, ""),
      "admin_token is a string of 5 characters, but must have at least 16",
    ],
    [
      "of no credentials",
      SMALL.replace(/credentials:[^]*/, "credentials: []"),
      "credentials is empty, but each Dixa account is a credential. Add one, or give secret_key",
    ],
    [
      "of a missing password",
      small("    auth: basic\n    username: dixa"),
      "credentials[0].password is missing, but auth is basic.",
    ],
    ["of a missing token", small("    auth: bearer"), "credentials[0].token is missing, but auth is bearer."],
    [
      "of a missing client secret",
      SMALL.replace(/ {2}client_secret.*/, ""),
      "airbyte.client_secret is missing, but airbyte.auth is client_credentials.",
    ],
    [
      "of two ids that are the same",
      small(`  - id: ${ID.toUpperCase()}\n    auth: none`),
      "credentials[1].id is the same as credentials[0].id.",
    ],
    [
      "of a value given twice",
      small("admin_token_file: x"),
      "admin_token is given twice, also as admin_token_file.",
    ],
    [
      "of a file that isn't there",
      SMALL.replace("admin_token: ${RELAY_ADMIN_TOKEN}", "admin_token_file: nowhere"),
      "nowhere, which can't be read: there is no such file. Check the path.",
    ],
    ["of a list for a mapping", "- a", "it is a list of 1, but must be a mapping of keys to values."],
    [
      "of a word for a mapping",
      SMALL.replace(/credentials:[^]*/, "credentials: [x]"),
      "credentials[0] is a string of 1 characters, but must be a mapping",
    ],
    ["of an empty file", "", "is empty."],
    ["of a key given twice in YAML", "listen: a\nlisten: b", "line 2, column 1 is not YAML (duplicate key)"],
  ])("%s names key and remedy", (_, yaml, message) => {
    const env = _ === "of a missing variable" ? { ...ENV, DIXA_WEBHOOK_SECRET: undefined } : ENV;
    expect(faultOf(yaml, env)).toContain(message);
  });

  test("is told together with all others", () => {
    const message = faultOf(`${SMALL}    debounce: 3\nlisten: nowhere`);
    expect(message.split("\n").slice(1)).toEqual([
      expect.stringContaining("listen"),
      expect.stringContaining("credentials[0].debounce"),
    ]);
  });

  test("of a file that can't be read names it", () => {
    expect(() => loadRelayConfig({ path: join(folder, "no.yaml"), env: ENV, secrets })).toThrow(
      /no\.yaml can't be read: there is no such file/,
    );
    expect(() => loadRelayConfig({ path: folder, env: ENV, secrets })).toThrow(
      /can't be read: it is a folder/,
    );
  });
});

test("a credential without authorization is accepted with a warning", () => {
  const { config, warnings } = load(`${SMALL}    auth: none`);
  expect(config.credentials[0]?.auth).toEqual({ mode: "none" });
  expect(warnings).toEqual([expect.stringContaining("credentials[0].auth is none: whoever knows")]);
});

test("what is left empty is as if it were not there", () => {
  expect(load(`${SMALL}    debounce:\npublic_url:\n`).config.timingsOf(ID, CONNECTION)).toEqual(
    DEFAULT_TIMINGS,
  );
});

test("a dollar before the braces keeps them", () => {
  expect(load(SMALL.replace("name: Dixa EU", () => "name: $${EU}")).config.credentials[0]?.name).toBe(
    "${EU}",
  );
});

describe("what is owed without an event", () => {
  test("has defaults, and keys for each credential", () => {
    const { config } = load(
      `${SMALL}    max_staleness: 6h\n    dixa_api_token: token\n    dixa_switch_on: true\n`,
    );
    expect(config).toMatchObject({ outageMs: 30_000, watchMs: 300_000 });
    expect(config.credentials[0]).toMatchObject({ maxStalenessMs: 21_600_000, switchesOn: true });
  });

  test("can be set by the environment", () => {
    const env = {
      ...ENV,
      DIXA_CREDENTIAL_ID: ID,
      DIXA_WEBHOOK_SECRETS: "00ff",
      DIXA_API_TOKEN: "token",
      DIXA_SWITCH_ON: "true",
      RELAY_OUTAGE: "1m",
    };
    const { config } = loadRelayConfig({ path: undefined, env, secrets });
    expect(config).toMatchObject({ outageMs: 60_000, credentials: [{ switchesOn: true }] });
    expect(() =>
      loadRelayConfig({ path: undefined, env: { ...env, DIXA_SWITCH_ON: "yes" }, secrets }),
    ).toThrow("DIXA_SWITCH_ON is a string of 3 characters, but must be true or false");
  });

  test("can't be asked of Dixa without a token", () => {
    expect(faultOf(`${SMALL}    dixa_switch_on: true\n`)).toContain(
      "credentials[0].dixa_switch_on is true, but without credentials[0].dixa_api_token",
    );
  });
});
