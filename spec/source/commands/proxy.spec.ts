import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";

import { messagesOf } from "../../../integration_tests/support/messages.ts";
import { emptyDixa } from "../../support/connector.ts";
import { TOKEN } from "../../support/dixa.ts";
import { PrivateHost, ProxyProcess } from "../../support/private-host.ts";
import { endOf, messagesIn, startProgram } from "../../support/program.ts";

const CREDENTIALS = "ann:pr0xy-passw0rd";
const HOSTS = ["exports.dixa.test", "dev.dixa.test"];

let config: string;
let host: PrivateHost;
let proxy: ProxyProcess;

beforeAll(async () => {
  host = await PrivateHost.start(HOSTS, emptyDixa);
  config = join(host.folder, "config.json");
  const urls = { exports_url: `https://${HOSTS[0] ?? ""}`, api_url: `https://${HOSTS[1] ?? ""}` };
  writeFileSync(config, JSON.stringify({ api_token: TOKEN, start_date: "2024-01-01", ...urls }));
});

afterAll(() => {
  host.close();
});

beforeEach(async () => {
  proxy = await ProxyProcess.start(host.port, CREDENTIALS);
});

afterEach(() => {
  proxy.kill();
});

/** What `check` says, with only these variables in the environment. It must never show the proxy's password. */
async function check(env: Record<string, string>) {
  const base = { PATH: process.env["PATH"] ?? "" };
  const end = await endOf(
    startProgram("dist/source-dixa.js", ["check", "--config", config, "--debug"], {
      env: { ...base, ...env },
    }),
  );
  for (const secret of ["pr0xy-passw0rd", Buffer.from(CREDENTIALS).toString("base64")]) {
    expect(end.stdout + end.stderr).not.toContain(secret);
  }
  return messagesOf(messagesIn(end), "CONNECTION_STATUS")[0]?.connectionStatus;
}

const address = (credentials = CREDENTIALS) => proxy.address(credentials);
const connects = () => proxy.connects;

describe("through a proxy with credentials, to a host of a private CA", () => {
  test.each([
    ["HTTPS_PROXY", "NODE_EXTRA_CA_CERTS"],
    ["https_proxy", "SSL_CERT_FILE"],
    ["HTTPS_PROXY", "REQUESTS_CA_BUNDLE"],
  ])("by %s and %s", async (proxyVariable, caVariable) => {
    expect(await check({ [proxyVariable]: address(), [caVariable]: host.ca })).toEqual({
      status: "SUCCEEDED",
    });
    expect(connects()).toEqual(["CONNECT dev.dixa.test:443", "CONNECT exports.dixa.test:443"]);
  });

  test("a certificate that isn't trusted is told at once, with the remedy", async () => {
    expect(await check({ HTTPS_PROXY: address() })).toMatchObject({
      status: "FAILED",
      message: expect.stringMatching(/is not trusted: .*NODE_EXTRA_CA_CERTS or SSL_CERT_FILE\.$/) as unknown,
    });
    expect(connects()).toHaveLength(2);
  });

  test("a wrong password is told at once", async () => {
    expect(
      await check({ HTTPS_PROXY: address("ann:wrong-pr0xy-passw0rd"), SSL_CERT_FILE: host.ca }),
    ).toMatchObject({
      status: "FAILED",
      message: expect.stringMatching(/wants a user and a password \(407\)/) as unknown,
    });
    expect(connects()).toHaveLength(2);
  });
});

test("a proxy of another kind is refused, without showing its password", async () => {
  expect(await check({ HTTPS_PROXY: "socks5://ann:pr0xy-passw0rd@127.0.0.1:1080" })).toMatchObject({
    status: "FAILED",
    message: expect.stringMatching(
      /^The environment variable HTTPS_PROXY must be the address of an HTTP proxy/,
    ) as unknown,
  });
});

test("a file of certificates that can't be used is named", async () => {
  expect(await check({ SSL_CERT_FILE: "/none.pem" })).toMatchObject({
    message: "The environment variable SSL_CERT_FILE names the file /none.pem, which can't be read (ENOENT).",
  });
  expect(await check({ REQUESTS_CA_BUNDLE: config })).toMatchObject({
    message: `The environment variable REQUESTS_CA_BUNDLE names the file ${config}, which holds no certificate in the PEM form.`,
  });
});
