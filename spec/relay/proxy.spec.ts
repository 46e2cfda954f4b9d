import { writeFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";

import { PrivateHost, ProxyProcess } from "../support/private-host.ts";
import { endOf, type Program, startProgram } from "../support/program.ts";
import { ADMIN_TOKEN, SECRET, SIGNED } from "./support/services-fixture.ts";

const CREDENTIALS = "ann:pr0xy-passw0rd";

let host: PrivateHost;
let proxy: ProxyProcess;
let relay: Program;
let asked: string[];
let onAsked: () => void;

/** Airbyte and Dixa in one, both without anything in them. */
function answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
  asked.push(`${method ?? ""} ${headers.host ?? ""}${(url ?? "").split("?")[0] ?? ""}`);
  onAsked();
  response.setHeader("content-type", "application/json").end('{"data":[]}');
}

beforeAll(async () => {
  host = await PrivateHost.start(["airbyte.test", "dixa.test"], answer);
  writeFileSync(join(host.folder, "secrets.txt"), SECRET);
  writeFileSync(
    join(host.folder, "relay.yaml"),
    `listen: 127.0.0.1:0
store: ":memory:"
admin_token: ${ADMIN_TOKEN}
public_url: https://relay.example.com
airbyte: { url: "https://airbyte.test/api/public/v1", auth: none }
credentials:
  - id: ${SIGNED}
    webhook_secrets_file: secrets.txt
    dixa_api_token: some-token-0123456789
    dixa_api_url: https://dixa.test
`,
  );
});

afterAll(() => {
  host.close();
});

beforeEach(async () => {
  asked = [];
  onAsked = () => undefined;
  proxy = await ProxyProcess.start(host.port, CREDENTIALS);
});

afterEach(() => {
  relay.kill("SIGKILL");
  proxy.kill();
});

function start(command: string, env: Record<string, string>): void {
  relay = startProgram("dist/dixa-relay.js", [command, "--config", "relay.yaml"], {
    cwd: host.folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
}

test.each([
  ["HTTPS_PROXY", "NODE_EXTRA_CA_CERTS"],
  ["https_proxy", "SSL_CERT_FILE"],
  ["HTTPS_PROXY", "REQUESTS_CA_BUNDLE"],
])(
  "the relay reaches Airbyte and Dixa through a proxy (%s), and trusts a private CA (%s)",
  async (proxyName, caName) => {
    const areBothAsked = new Promise<void>((resolve) => {
      onAsked = () => {
        const hosts = ["airbyte.test/api/public/v1/", "dixa.test/v1/webhooks"];
        if (hosts.every((one) => asked.some((line) => line.startsWith(`GET ${one}`)))) resolve();
      };
    });
    start("serve", { [proxyName]: proxy.address(CREDENTIALS), [caName]: host.ca });
    await areBothAsked;
    expect(proxy.connects).toEqual(
      expect.arrayContaining(["CONNECT airbyte.test:443", "CONNECT dixa.test:443"]),
    );
  },
);

test("without that CA it takes no answer, and says why", async () => {
  start("subscribe", { HTTPS_PROXY: proxy.address(CREDENTIALS) });
  const { code, stdout, stderr } = await endOf(relay);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toMatch(/is not trusted/);
  expect(stdout + stderr).not.toContain("pr0xy-passw0rd");
  expect(asked).toEqual([]);
});

test("its commands reach Dixa by the same way", async () => {
  start("subscribe", { HTTPS_PROXY: proxy.address(CREDENTIALS), SSL_CERT_FILE: host.ca });
  const { stdout, stderr } = await endOf(relay);
  expect(proxy.connects).toContain("CONNECT dixa.test:443");
  expect(asked[0]).toBe("GET dixa.test/v1/webhooks");
  expect(stdout + stderr).not.toContain("pr0xy-passw0rd");
});
