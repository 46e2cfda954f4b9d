import { execFileSync } from "node:child_process";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { emptyDixa } from "../../spec/support/connector.ts";
import { PrivateHost } from "../../spec/support/private-host.ts";
import { CONFIG } from "../acceptance/fixed-data.ts";
import { PLATFORM_OPTIONS, startContainer, withSharedFolder } from "../support/container.ts";
import { CONNECTOR_IMAGE, inside } from "../support/images.ts";
import { messagesOf } from "../support/messages.ts";
import { parseMessages } from "../support/sync-run.ts";

/** Debian's slim image has no certificates; where it is made anew from Debian's packages it may have. */
const BARE_BASE = "source-dixa-bare-base";
const ON_BARE_BASE = "source-dixa-on-bare-base";
const HOSTS = ["exports.dixa.test", "dev.dixa.test"];
const PLACE = "/etc/ssl/certs/company.pem";

let host: PrivateHost;

beforeAll(async () => {
  const build = (args: readonly string[], input = "") =>
    execFileSync("docker", ["build", ...args], { input, stdio: ["pipe", "ignore", "pipe"] });
  build(
    ["--tag", BARE_BASE, "-"],
    "FROM debian:bookworm-slim\nRUN rm -rf /etc/ssl /usr/share/ca-certificates\n",
  );
  build(["--network", "host", "--build-arg", `DEBIAN_IMAGE=${BARE_BASE}`, "--tag", ON_BARE_BASE, "."]);
  host = await PrivateHost.start(HOSTS, emptyDixa);
}, 300_000);

afterAll(() => {
  host.close();
  execFileSync("docker", ["image", "rm", ON_BARE_BASE, BARE_BASE], { stdio: "ignore" });
});

/** What `check` says of hosts with certificates of our own authority, with that authority's at PLACE. */
async function check(image: string, env: readonly string[]) {
  const urls = Object.fromEntries(
    ["exports_url", "api_url"].map((key, index) => [key, `https://${HOSTS[index] ?? ""}:${host.port}`]),
  );
  return withSharedFolder({ "config.json": { ...CONFIG, ...urls } }, async (folder) => {
    const options = [
      ...PLATFORM_OPTIONS,
      ...HOSTS.flatMap((name) => ["--add-host", `${name}:127.0.0.1`]),
      ...["--volume", `${host.ca}:${PLACE}:ro`, "--volume", `${folder}:/config:ro`],
      ...env.flatMap((variable) => ["--env", variable]),
    ];
    const container = startContainer([...options, image, "check", "--config", "/config/config.json"]);
    const { stdout } = await container.ended;
    return messagesOf(parseMessages(stdout), "CONNECTION_STATUS")[0]?.connectionStatus;
  });
}

describe.each([CONNECTOR_IMAGE, ON_BARE_BASE])("in %s", (image) => {
  test.each([
    [[`NODE_EXTRA_CA_CERTS=${PLACE}`]],
    [[`SSL_CERT_FILE=${PLACE}`]],
    [["NODE_USE_SYSTEM_CA=1"]],
    [["NODE_OPTIONS=--use-system-ca"]],
  ])("an authority of one's own is trusted by %j", async (env) => {
    expect(await check(image, env)).toEqual({ status: "SUCCEEDED" });
  });

  test("an authority that nobody has named is not trusted", async () => {
    expect(await check(image, [])).toMatchObject({
      status: "FAILED",
      message: expect.stringMatching(/is not trusted/) as unknown,
    });
  });

  test("the authorities that Node trusts stand where the system's are looked for, too", () => {
    const script = `
      const { rootCertificates, getCACertificates } = require("node:tls");
      const { X509Certificate } = require("node:crypto");
      const prints = (list) => list.map((pem) => new X509Certificate(pem).fingerprint256);
      const system = new Set(prints(getCACertificates("system")));
      console.log(rootCertificates.length > 100, prints(rootCertificates).every((print) => system.has(print)));`;
    expect(inside(image, `node -e '${script}'`)).toBe("true true");
  });
});
