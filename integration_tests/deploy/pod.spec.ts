import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import { VERSION } from "../../src/version.ts";
import { WebhookLoader } from "../relay-chaos/webhook-loader.ts";
import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../simulators/airbyte/index.ts";
import { docker, dockerArguments } from "./docker-pod.ts";
import { BUILD_TIMEOUT_MS, buildGoTool, type GoTool } from "./go-tools.ts";
import { KubeletVolume } from "./kubelet-volume.ts";
import { type Container, Kustomizations, type Manifests } from "./manifests.ts";

const IMAGE = process.env["DIXA_RELAY_IMAGE"] ?? `dixa-relay:${VERSION}`;
const PREFIX = `relay-deploy-${process.pid}`;
/** The one whose sync the example's CronJob asks for. */
const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const WEBHOOK_SECRET = "00112233445566778899aabbccddeeff";
const PASSWORD = randomBytes(16).toString("hex");
const SECRETS = {
  database_url: `postgres://relay:${PASSWORD}@database/relay`,
  admin_token: randomBytes(32).toString("hex"),
  secret_key: randomBytes(32).toString("hex"),
  airbyte_client_id: CLIENT_ID,
  airbyte_client_secret: CLIENT_SECRET,
};
const PATIENCE_MS = 60_000;
const PER_SECOND = 50;
const HEARD_AFTER_MS = 7000;
/** Those of compose.yaml. */
const IMAGES = imagesOf(readFileSync(join(import.meta.dirname, "../../compose.yaml"), "utf8"));
const containers = {
  pods: [`${PREFIX}-1`, `${PREFIX}-2`],
  database: `${PREFIX}-database`,
  service: `${PREFIX}-service`,
  job: `${PREFIX}-job`,
};

let folder: string;
let tool: GoTool;
let kustomizations: Kustomizations;
let manifests: Manifests;
let airbyte: AirbyteSimulator;
let connectionId: string;
let config: KubeletVolume;
let secrets: KubeletVolume;
/** Where each pod answers. */
let pods: string[];
/** Where the Service answers. */
let service: string;

/** The manifest's pod, twice, with what a cluster would put around it: volumes as of a kubelet, a Service, PostgreSQL. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-pods-"));
  await chmod(folder, 0o755);
  tool = await buildGoTool("manifests");
  kustomizations = await Kustomizations.copy(tool, SECRETS);
  await docker("network", "create", PREFIX);
  const host = await docker("network", "inspect", PREFIX, "--format", "{{(index .IPAM.Config 0).Gateway}}");
  airbyte = await startAirbyteSimulator({ host, pendingMs: 50, runningMs: 200 });
  const { sourceId } = airbyte.addSource({ configuration: { credential_id: CREDENTIAL } });
  ({ connectionId } = airbyte.addConnection({ sourceId }));
  await kustomizations.replace("example/relay.yaml", "https://api.airbyte.com/v1", airbyte.url);
  manifests = await kustomizations.build("example");
  const { spec } = manifests.one("Deployment").spec.template;
  const group = spec.securityContext.fsGroup;
  const mode = spec.volumes.find(({ secret }) => secret !== undefined)?.secret?.defaultMode;
  config = await KubeletVolume.create(join(folder, "config"), manifests.one("ConfigMap").data, { group });
  secrets = await KubeletVolume.create(join(folder, "secrets"), secretFiles(), {
    group,
    ...(mode === undefined ? {} : { mode }),
  });
  await mkdir(join(folder, "nothing"));

  const variables = { POSTGRES_USER: "relay", POSTGRES_DB: "relay", POSTGRES_PASSWORD: PASSWORD };
  const env = Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const place = ["--detach", "--network", PREFIX];
  await docker(
    "run",
    ...place,
    "--name",
    containers.database,
    "--network-alias",
    "database",
    ...env,
    IMAGES.database,
  );
  for (const name of containers.pods) await docker(...podArguments(name, spec));
  await startService();
  pods = await Promise.all(
    containers.pods.map((name) => published(name, spec.containers[0].ports[0]?.containerPort)),
  );
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  const { pods: names, ...others } = containers;
  await docker("rm", "--force", "--volumes", ...names, ...Object.values(others)).catch(() => undefined);
  await docker("network", "rm", PREFIX);
  await airbyte.close();
  await kustomizations.remove();
  await tool.remove();
  await rm(folder, { recursive: true });
}, 60_000);

const relayContainer = () => manifests.one("Deployment").spec.template.spec.containers[0];

function imagesOf(text: string): { database: string; proxy: string } {
  const service = z.object({ image: z.string() });
  const { services } = z
    .object({ services: z.object({ database: service, proxy: service }) })
    .parse(parse(text));
  return { database: services.database.image, proxy: services.proxy.image };
}

/** The Secret's files, by the paths that the pod wants. */
function secretFiles(more: Record<string, string> = {}): Record<string, string> {
  const values = { ...manifests.secret("dixa-relay"), ...more };
  const { volumes } = manifests.one("Deployment").spec.template.spec;
  const items = volumes.flatMap(({ secret }) => secret?.items ?? []);
  return Object.fromEntries(items.map(({ key, path }) => [path, values[key] ?? ""]));
}

function podArguments(name: string, spec: Parameters<typeof dockerArguments>[0]): string[] {
  return dockerArguments(spec, {
    name,
    network: PREFIX,
    image: IMAGE,
    secrets: { "dixa-relay": manifests.secret("dixa-relay") },
    volumes: { config: config.folder, secrets: secrets.folder },
    nothing: join(folder, "nothing"),
  });
}

/** What a Service does: its name and port lead to the pods. */
async function startService(): Promise<void> {
  const { metadata, spec } = manifests.one("Service");
  const [{ port, targetPort } = { port: 0, targetPort: "" }] = spec.ports;
  const target = relayContainer().ports.find(({ name }) => name === targetPort)?.containerPort;
  const servers = containers.pods.map((name) => `server ${name}:${target};`).join(" ");
  const file = join(folder, "service.conf");
  await writeFile(
    file,
    `upstream pods { ${servers} }
server { listen ${port}; location / { proxy_pass http://pods; proxy_read_timeout 600s; } }\n`,
  );
  const place = ["--detach", "--network", PREFIX, "--network-alias", metadata.name];
  const mount = ["--volume", `${file}:/etc/nginx/conf.d/default.conf:ro`];
  const publish = ["--publish", `127.0.0.1::${port}`];
  await docker("run", ...place, "--name", containers.service, ...publish, ...mount, IMAGES.proxy);
  service = await published(containers.service, port);
}

async function published(name: string, port: number | undefined): Promise<string> {
  return `http://${await docker("port", name, `${port}/tcp`)}`;
}

async function status(url: string): Promise<number> {
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    ({ status: code }) => code,
    () => 0,
  );
}

/** Resolves when every pod answers the probe with the status. */
async function everyPod(probe: Container["readinessProbe"], wanted: number): Promise<void> {
  const path = probe?.httpGet.path ?? "";
  await until(async () => {
    const codes = await Promise.all(pods.map((pod) => status(`${pod}${path}`)));
    return codes.every((code) => code === wanted) ? undefined : `${path}: ${codes.join(", ")}`;
  });
}

/** Waits until nothing is missing any more. @param missing what still is */
async function until(missing: () => Promise<string | undefined>): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const what = await missing();
    if (what === undefined) return;
    if (Date.now() > giveUpAt) {
      const logs = await Promise.all(containers.pods.map((name) => docker("logs", "--tail", "20", name)));
      throw new Error(`${what}\n${logs.join("\n")}`);
    }
    await delay(250);
  }
}

/** Resolves when a line of every pod's metrics is there. */
async function everyPodCounts(line: string): Promise<void> {
  await until(async () => {
    const texts = await Promise.all(pods.map(async (pod) => (await fetch(`${pod}/metrics`)).text()));
    return texts.every((text) => text.includes(`\n${line}\n`)) ? undefined : `no ${line}`;
  });
}

async function deliver(url: string): Promise<number> {
  const body = Buffer.from(JSON.stringify({ event_id: randomUUID(), event_fqn: "CONVERSATION_CLOSED" }));
  const response = await fetch(`${url}/webhooks/dixa/${CREDENTIAL}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-dixa-signature": sign(WEBHOOK_SECRET, body, Date.now()),
    },
    body,
  });
  return response.status;
}

async function admitted(pod: string, token: string): Promise<number> {
  const response = await fetch(`${pod}/v1/credentials`, { headers: { authorization: `Bearer ${token}` } });
  return response.status;
}

test("both pods start with the rights that they are given, and answer their probes", async () => {
  const { startupProbe, livenessProbe, readinessProbe } = relayContainer();
  for (const probe of [startupProbe, livenessProbe, readinessProbe]) await everyPod(probe, 200);
  for (const name of containers.pods) {
    expect(await docker("exec", name, "id")).toMatch(/^uid=1000\S* gid=1000\S* groups=1000\S*$/);
    for (const path of ["/tmp/x", "/data/x", "/x"]) {
      await expect(docker("exec", name, "sh", "-c", `: > ${path}`)).rejects.toThrow(/Read-only file system/);
    }
    const state = "{{.RestartCount}} {{.State.Running}} {{.State.OOMKilled}}";
    expect(await docker("inspect", "--format", state, name)).toBe("0 true false");
  }
}, 120_000);

test("a change of the ConfigMap is taken up as the kubelet makes it, and a faulty one leaves everything as it was", async () => {
  expect(await deliver(service)).toBe(404);
  const shipped = manifests.one("ConfigMap").data["relay.yaml"] ?? "";
  const changed = `${shipped}
timings: { debounce: 200ms, max_wait: 500ms, min_interval: 500ms, job_poll: 200ms, refresh: 5s }
credentials:
  - id: ${CREDENTIAL}
    webhook_secrets: ["${WEBHOOK_SECRET}"]
`;
  await config.update({ "relay.yaml": changed });
  await everyPodCounts('dixa_relay_reloads_total{outcome="taken"} 1');
  for (const url of [...pods, service]) expect(await deliver(url)).toBe(202);

  await config.update({ "relay.yaml": changed.replace("webhook_secrets", "webhook_secret") });
  await everyPodCounts("dixa_relay_configuration_stale 1");
  for (const url of [...pods, service]) expect(await deliver(url)).toBe(202);
  await everyPod(relayContainer().readinessProbe, 200);

  await config.update({ "relay.yaml": changed });
  await everyPodCounts("dixa_relay_configuration_stale 0");
}, 120_000);

test("so is a change of the Secret", async () => {
  const token = randomBytes(32).toString("hex");
  for (const pod of pods)
    expect([await admitted(pod, SECRETS.admin_token), await admitted(pod, token)]).toEqual([200, 401]);
  await secrets.update(secretFiles({ admin_token: token }));
  await until(async () => {
    const codes = await Promise.all(pods.map((pod) => admitted(pod, token)));
    return codes.every((code) => code === 200) ? undefined : `the new token: ${codes.join(", ")}`;
  });
  for (const pod of pods) expect(await admitted(pod, SECRETS.admin_token)).toBe(401);
  await secrets.update(secretFiles());
  await until(async () => {
    const codes = await Promise.all(pods.map((pod) => admitted(pod, SECRETS.admin_token)));
    return codes.every((code) => code === 200) ? undefined : `the old token: ${codes.join(", ")}`;
  });
}, 120_000);

test("the CronJob's container has the account synced through the Service, and ends well", async () => {
  const before = Date.now();
  const { spec } = manifests.one("CronJob").spec.jobTemplate.spec.template;
  await docker(...podArguments(containers.job, spec));
  expect([await docker("wait", containers.job), await docker("logs", containers.job)]).toEqual([
    "0",
    expect.stringContaining("synced"),
  ]);
  expect(airbyte.coveringJob(connectionId, before)).toBeDefined();
}, 120_000);

test("without its database a pod lives, and is not ready", async () => {
  const { livenessProbe, readinessProbe } = relayContainer();
  await docker("stop", "--time", "20", containers.database);
  await everyPod(readinessProbe, 503);
  await everyPod(livenessProbe, 200);
  for (const pod of pods) expect(await deliver(pod)).toBe(503);
  await docker("start", containers.database);
  await everyPod(readinessProbe, 200);
}, 120_000);

test("a pod that is told to end under load ends well within its time, and no webhook fails for it", async () => {
  const { terminationGracePeriodSeconds: graceS = 0 } = manifests.one("Deployment").spec.template.spec;
  const [name = ""] = containers.pods;
  const [pod = "", other = ""] = pods;
  const urls = [service];
  // A busy machine must not be taken for a pod that gives no answer.
  const loader = new WebhookLoader({ urls, secret: WEBHOOK_SECRET, timeoutMs: 30_000 });
  const over = new AbortController();
  const load = loader.run(PER_SECOND, () => CREDENTIAL, over.signal);
  try {
    const startedAt = Date.now();
    await docker("kill", "--signal", "TERM", name);
    await until(async () => ((await status(`${pod}/readyz`)) === 503 ? undefined : "still ready"));
    expect(await deliver(pod)).toBe(202);
    // So long a cluster may take until all of its nodes have heard.
    await delay(HEARD_AFTER_MS);
    urls[0] = other;
    expect(await docker("wait", name)).toBe("0");
    const tookMs = Date.now() - startedAt;
    expect(tookMs).toBeGreaterThan(HEARD_AFTER_MS);
    expect(tookMs).toBeLessThan(graceS * 1000);
    await delay(1000);
    over.abort();
    await load;
    await loader.settled();
  } finally {
    over.abort();
    loader.close();
  }
  expect(loader.acked.length).toBeGreaterThan(PER_SECOND);
  expect([...loader.answers.keys()]).toEqual([202]);
}, 150_000);
