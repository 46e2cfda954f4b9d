import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";

import { SecretFilter } from "../../src/logging/secret-filter.ts";
import { type LoadedConfig, loadRelayConfig } from "../../src/relay/config/load.ts";
import { VERSION } from "../../src/version.ts";
import { BUILD_TIMEOUT_MS, buildGoTool, type GoTool, outcomeOf } from "./go-tools.ts";
import { Kustomizations, type Manifests } from "./manifests.ts";

const ROOT = join(import.meta.dirname, "../..");
const SECRETS = {
  database_url: "postgres://relay:pass@database/relay",
  admin_token: "admin-token-0123456789",
  secret_key: "ab".repeat(32),
  airbyte_client_id: "client",
  airbyte_client_secret: "client-secret-0123456789",
};
/** What the relay takes after `shutdown_delay` for requests under way, and for the store at last, ms; see process.ts. */
const CLOSE_MS = 12_000;

let tool: GoTool;
let kustomizations: Kustomizations;

beforeAll(async () => {
  tool = await buildGoTool("manifests");
}, BUILD_TIMEOUT_MS);

beforeEach(async () => {
  kustomizations = await Kustomizations.copy(tool, SECRETS);
});

afterEach(async () => {
  await kustomizations.remove();
});

afterAll(async () => {
  await tool.remove();
});

function matches(selector: Record<string, string>, labels: Record<string, string>): boolean {
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
}

describe("what Kubernetes would say", () => {
  test("nothing against what is shipped", async () => {
    const base = await kustomizations.build("base");
    expect(base.all.map(({ kind }) => kind).sort()).toEqual([
      "ConfigMap",
      "Deployment",
      "PodDisruptionBudget",
      "Service",
      "ServiceAccount",
    ]);
    expect((await kustomizations.build("example")).list("PodMonitor")).toEqual([]);
    await kustomizations.useComponents();
    const example = await kustomizations.build("example");
    expect(example.all.map(({ kind }) => kind).sort()).toEqual([
      "ConfigMap",
      "CronJob",
      "Deployment",
      "Ingress",
      "Namespace",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "PodMonitor",
      "Secret",
      "Service",
      "ServiceAccount",
    ]);
  });

  test.each([
    ["a misspelt field", "base/deployment.yaml", "periodSeconds: 10", "periodSecond: 10", /unknown field/],
    ["another case", "base/deployment.yaml", "maxUnavailable: 0", "maxunavailable: 0", /unknown field/],
    ["a field at a wrong place", "base/service.yaml", "ports:", "replicas: 2\n  ports:", /unknown field/],
    ["a wrong type", "base/deployment.yaml", "replicas: 2", "replicas: two", /cannot unmarshal|json/],
    ["no quantity", "base/deployment.yaml", "cpu: 50m", "cpu: 50milli", /quantit/],
    [
      "a mount of nothing",
      "base/deployment.yaml",
      "- name: secrets\n              m",
      "- name: secret\n              m",
      /volumeMounts.*Not found/,
    ],
    [
      "an unknown policy",
      "base/pod-disruption-budget.yaml",
      "AlwaysAllow",
      "Always",
      /unhealthyPodEvictionPolicy/,
    ],
    [
      "no update that could go on",
      "base/deployment.yaml",
      "maxSurge: 1",
      "maxSurge: 0",
      /maxUnavailable.*may not be 0/,
    ],
    ["more rights", "base/deployment.yaml", "runAsNonRoot: true", "runAsNonRoot: false", /restricted/],
    ["capabilities", "base/deployment.yaml", "drop: [ALL]", "drop: [NET_RAW]", /restricted/],
    ["a wrong schedule", "example/sync-nightly.yaml", "30 2 * * *", "30 26 * * *", /schedule/],
    ["a path without a type", "example/ingress.yaml", "pathType: Prefix", "", /pathType/],
    [
      "a monitor's misspelt field",
      "components/pod-monitor/pod-monitor.yaml",
      "interval:",
      "intervall:",
      /unknown field/,
    ],
    [
      "a policy's wrong port",
      "components/network-policy/network-policy.yaml",
      "port: 5432",
      "port: 543200",
      /port/,
    ],
  ])("%s is told", async (_, path, text, by, fault) => {
    await kustomizations.useComponents();
    await kustomizations.replace(path, text, by);
    const { isOk, stderr } = await kustomizations.check("example");
    expect({ isOk, stderr }).toEqual({ isOk: false, stderr: expect.stringMatching(fault) });
  });

  test("nothing against the alerts, as the guide has the Prometheus operator read them", async () => {
    const guide = await readFile(join(ROOT, "deploy/README.md"), "utf8");
    const [, command = ""] = /```sh\n(\(printf 'apiVersion: monitoring.+?)```/s.exec(guide) ?? [];
    const { isOk, stdout } = await outcomeOf("bash", ["-c", `kubectl() { cat; }\n${command}`], ROOT);
    expect(isOk).toBe(true);
    await kustomizations.replace("base/kustomization.yaml", "resources:", "resources:\n  - alerts.yaml");
    await kustomizations.write("base/alerts.yaml", stdout);
    const { all } = await kustomizations.build("base");
    expect(all.map(({ kind }) => kind)).toContain("PrometheusRule");
    await kustomizations.write("base/alerts.yaml", stdout.replace("expr:", "expression:"));
    expect((await kustomizations.check("base")).stderr).toMatch(
      /unknown field "spec.groups\[0\].rules\[0\].expression"/,
    );
  });

  test("nothing of an example whose secrets nobody has filled in", async () => {
    await kustomizations.delete("example/secrets.env");
    const { isOk, stderr } = await kustomizations.check("example");
    expect({ isOk, stderr }).toEqual({ isOk: false, stderr: expect.stringContaining("secrets.env") });
  });
});

describe.each(["base", "example"])("the parts of %s fit together", (path) => {
  let manifests: Manifests;

  beforeEach(async () => {
    await kustomizations.useComponents();
    manifests = await kustomizations.build(path);
  });

  test("selectors choose the relay's pods and nothing else", () => {
    const { spec } = manifests.one("Deployment");
    const { labels } = spec.template.metadata;
    const selectors = [
      spec.selector.matchLabels,
      ...manifests.list("Service").map((service) => service.spec.selector),
      ...manifests.list("PodDisruptionBudget").map((budget) => budget.spec.selector.matchLabels),
      ...manifests.list("PodMonitor").map((monitor) => monitor.spec.selector.matchLabels),
    ];
    const others = manifests.list("CronJob").map((job) => job.spec.jobTemplate.spec.template.metadata.labels);
    for (const selector of selectors) {
      expect([selector, matches(selector, labels)]).toEqual([selector, true]);
      expect(others.filter((other) => matches(selector, other))).toEqual([]);
    }
    for (const policy of manifests.list("NetworkPolicy")) {
      for (const pods of [labels, ...others]) {
        expect(matches(policy.spec.podSelector.matchLabels, pods)).toBe(true);
      }
    }
  });

  test("named ports and services exist", () => {
    const [relay] = manifests.one("Deployment").spec.template.spec.containers;
    const named = new Set(relay.ports.map(({ name }) => name));
    const service = manifests.one("Service");
    const asked = [
      ...service.spec.ports.map(({ targetPort }) => targetPort),
      ...[relay.startupProbe, relay.livenessProbe, relay.readinessProbe].map((probe) => probe?.httpGet.port),
      ...manifests.list("PodMonitor").flatMap(({ spec }) => spec.podMetricsEndpoints.map(({ port }) => port)),
    ];
    expect(asked.filter((port) => port === undefined || !named.has(port))).toEqual([]);
    const backends = manifests
      .list("Ingress")
      .flatMap(({ spec }) =>
        spec.rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service)),
      );
    for (const { name, port } of backends) {
      expect(name).toBe(service.metadata.name);
      expect(service.spec.ports.map((own) => own.name)).toContain(port.name);
    }
    for (const { spec } of manifests.list("CronJob")) {
      const [job] = spec.jobTemplate.spec.template.spec.containers;
      const url = job.env.find(({ name }) => name === "RELAY_URL")?.value;
      expect(url).toBe(`http://${service.metadata.name}`);
      expect(service.spec.ports.map(({ port }) => port)).toContain(80);
    }
  });

  test("everything that is taken from ConfigMap and Secret is there, by name and key", async () => {
    const given: Record<string, Record<string, unknown>> = {
      // Whoever uses the base alone makes it; the example shows the keys.
      "Secret dixa-relay": SECRETS,
      ...Object.fromEntries(
        manifests.list("ConfigMap").map((map) => [`ConfigMap ${map.metadata.name}`, map.data]),
      ),
      ...Object.fromEntries(manifests.list("Secret").map((map) => [`Secret ${map.metadata.name}`, map.data])),
    };
    const pods = [
      manifests.one("Deployment").spec.template.spec,
      ...manifests.list("CronJob").map(({ spec }) => spec.jobTemplate.spec.template.spec),
    ];
    for (const { containers, volumes } of pods) {
      const keys = [
        ...containers[0].env.flatMap(({ valueFrom: from }) =>
          from === undefined ? [] : [[`Secret ${from.secretKeyRef.name}`, from.secretKeyRef.key] as const],
        ),
        ...volumes.flatMap(({ secret }) =>
          secret === undefined
            ? []
            : secret.items.map(({ key }) => [`Secret ${secret.secretName}`, key] as const),
        ),
        ...volumes.flatMap(({ configMap }) =>
          configMap === undefined ? [] : [[`ConfigMap ${configMap.name}`, "relay.yaml"] as const],
        ),
      ];
      expect(keys.filter(([name, key]) => given[name]?.[key] === undefined)).toEqual([]);
      expect(containers[0].volumeMounts.map(({ name }) => name).sort()).toEqual(
        volumes.map(({ name }) => name).sort(),
      );
    }
    const example = await kustomizations.read("example/secrets.env.example");
    const shown = [...example.matchAll(/^(\w+)=/gm)].map(([, key]) => key);
    expect(shown.sort()).toEqual(Object.keys(SECRETS).sort());
  });

  test("the image is that of this version", () => {
    const images = [
      manifests.one("Deployment").spec.template.spec,
      ...manifests.list("CronJob").map(({ spec }) => spec.jobTemplate.spec.template.spec),
    ].map(({ containers }) => containers[0].image);
    expect(new Set(images.map((image) => image.split("/").at(-1)))).toEqual(
      new Set([`dixa-relay:${VERSION}`]),
    );
  });

  test("the relay accepts the configuration, and ends within the time that it is given", async () => {
    const loaded = await load(manifests);
    expect(loaded.warnings).toEqual([]);
    const { config } = loaded;
    const { spec } = manifests.one("Deployment").spec.template;
    const [relay] = spec.containers;
    expect(config.listen.port).toBe(relay.ports[0]?.containerPort);
    const graceMs = (spec.terminationGracePeriodSeconds ?? 30) * 1000;
    expect(graceMs).toBeGreaterThan(config.shutdownDelayMs + CLOSE_MS + config.shutdownTimeoutMs);
    // A replica is taken out no sooner than everything is synced anyway for its silence.
    const { periodSeconds = 0, failureThreshold = 0, timeoutSeconds = 0 } = relay.readinessProbe ?? {};
    expect(periodSeconds * failureThreshold * 1000).toBeGreaterThan(config.outageMs);
    expect(timeoutSeconds).toBeGreaterThan(2);
  });

  test("there are several replicas, and no update or drained node leaves none", () => {
    const { replicas, strategy } = manifests.one("Deployment").spec;
    expect(replicas).toBe(2);
    expect(strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(manifests.one("PodDisruptionBudget").spec.minAvailable).toBe(1);
  });
});

/** Reads the ConfigMap's configuration as the relay would in its pod. */
async function load(manifests: Manifests): Promise<LoadedConfig> {
  const folder = await mkdtemp(join(tmpdir(), "relay-config-"));
  try {
    const { containers, volumes } = manifests.one("Deployment").spec.template.spec;
    const mounted = (name: string) =>
      containers[0].volumeMounts.find((mount) => mount.name === name)?.mountPath ?? "";
    let text = manifests.one("ConfigMap").data["relay.yaml"] ?? "";
    for (const { name, secret } of volumes) {
      if (secret === undefined) continue;
      // The same places, below this folder.
      text = text.replaceAll(`${mounted(name)}/`, `${folder}/`);
      for (const { key, path } of secret.items) {
        await writeFile(join(folder, path), Reflect.get(SECRETS, key) as string);
      }
    }
    expect(containers[0].args).toEqual(["serve", "--config", `${mounted("config")}/relay.yaml`]);
    const path = join(folder, "relay.yaml");
    await writeFile(path, text);
    const env = { AIRBYTE_CLIENT_ID: SECRETS.airbyte_client_id };
    return loadRelayConfig({ path, env, secrets: new SecretFilter() });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("git does not see the example's secrets", async () => {
  const ignored = (await readFile(join(ROOT, ".gitignore"), "utf8")).split("\n");
  expect(ignored).toContain("secrets.env");
});
