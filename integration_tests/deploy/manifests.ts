import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import { type GoTool, type Outcome } from "./go-tools.ts";

const SHIPPED = join(import.meta.dirname, "../../deploy/kubernetes");

const meta = z.looseObject({ name: z.string(), namespace: z.string().optional() });
const labels = z.record(z.string(), z.string());
const probe = z.looseObject({
  httpGet: z.looseObject({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  timeoutSeconds: z.number(),
  failureThreshold: z.number(),
});
const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) })
          .strict()
          .optional(),
      }),
    )
    .default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.object({ requests: labels, limits: labels }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z
    .array(z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.literal(true) }))
    .default([]),
});
const podSpec = z.looseObject({
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.number(),
    runAsGroup: z.number(),
    fsGroup: z.number().optional(),
    seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
  }),
  containers: z.tuple([container]),
  volumes: z
    .array(
      z.object({
        name: z.string(),
        configMap: z.strictObject({ name: z.string() }).optional(),
        secret: z
          .strictObject({
            secretName: z.string(),
            defaultMode: z.number(),
            items: z.array(z.object({ key: z.string(), path: z.string() })),
          })
          .optional(),
      }),
    )
    .default([]),
});
const podTemplate = z.object({ metadata: z.looseObject({ labels }), spec: podSpec });
const selector = z.object({ matchLabels: labels });

/** What is read of the kinds that are looked at more closely; a container that asks for more is an error here. */
export const schemas = {
  Deployment: z.object({
    metadata: meta,
    spec: z.looseObject({
      replicas: z.number(),
      selector,
      strategy: z.object({ rollingUpdate: z.object({ maxUnavailable: z.number(), maxSurge: z.number() }) }),
      template: podTemplate,
    }),
  }),
  CronJob: z.object({
    metadata: meta,
    spec: z.looseObject({ jobTemplate: z.object({ spec: z.looseObject({ template: podTemplate }) }) }),
  }),
  Service: z.object({
    metadata: meta,
    spec: z.object({
      selector: labels,
      ports: z.array(z.object({ name: z.string(), port: z.number(), targetPort: z.string() })),
    }),
  }),
  PodDisruptionBudget: z.object({
    metadata: meta,
    spec: z.looseObject({ selector, minAvailable: z.number() }),
  }),
  NetworkPolicy: z.object({
    metadata: meta,
    spec: z.looseObject({ podSelector: selector }),
  }),
  PodMonitor: z.object({
    metadata: meta,
    spec: z.object({
      selector,
      podMetricsEndpoints: z.array(
        z.looseObject({
          port: z.string(),
          path: z.string(),
          relabelings: z.array(z.object({ targetLabel: z.string(), replacement: z.string() })),
        }),
      ),
    }),
  }),
  Ingress: z.object({
    metadata: meta,
    spec: z.looseObject({
      rules: z.array(
        z.object({
          http: z.object({
            paths: z.array(
              z.object({
                path: z.string(),
                backend: z.object({
                  service: z.object({ name: z.string(), port: z.object({ name: z.string() }) }),
                }),
              }),
            ),
          }),
        }),
      ),
    }),
  }),
  ConfigMap: z.object({ metadata: meta, data: z.record(z.string(), z.string()) }),
  Secret: z.object({ metadata: meta, data: z.record(z.string(), z.string()) }),
};
export type Kind = keyof typeof schemas;
export type ManifestOf<K extends Kind> = z.output<(typeof schemas)[K]>;
export type PodSpec = z.output<typeof podSpec>;
export type Container = z.output<typeof container>;

/** Objects that a kustomization has made. */
export class Manifests {
  readonly all: readonly { kind: string }[];

  constructor(json: string) {
    this.all = z.array(z.looseObject({ kind: z.string() })).parse(JSON.parse(json));
  }

  list<K extends Kind>(kind: K): ManifestOf<K>[] {
    const schema: z.ZodType = schemas[kind];
    return this.all
      .filter((object) => object.kind === kind)
      .map((object) => schema.parse(object) as ManifestOf<K>);
  }

  /** @throws Error if there is not exactly one */
  one<K extends Kind>(kind: K): ManifestOf<K> {
    const [first, ...more] = this.list(kind);
    if (first === undefined || more.length > 0) throw new Error(`not one ${kind}`);
    return first;
  }

  /** A Secret's values. */
  secret(name: string): Record<string, string> {
    const found = this.list("Secret").find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`no Secret ${name}`);
    return Object.fromEntries(
      Object.entries(found.data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  }
}

/** A copy of deploy/kubernetes that can be changed. */
export class Kustomizations {
  readonly #tool: GoTool;
  readonly #folder: string;

  private constructor(tool: GoTool, folder: string) {
    this.#tool = tool;
    this.#folder = folder;
  }

  /** @param secrets what a person writes into secrets.env of the example */
  static async copy(tool: GoTool, secrets: Record<string, string>): Promise<Kustomizations> {
    const folder = await mkdtemp(join(tmpdir(), "kustomize-"));
    await cp(SHIPPED, folder, { recursive: true });
    const copy = new Kustomizations(tool, folder);
    const lines = Object.entries(secrets).map(([key, value]) => `${key}=${value}\n`);
    await copy.write("example/secrets.env", lines.join(""));
    return copy;
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.#folder, path), text);
  }

  /** Has the example use the components that it names. */
  async useComponents(): Promise<void> {
    for (const name of ["pod-monitor", "network-policy"]) {
      await this.replace(
        "example/kustomization.yaml",
        `# - ../components/${name}`,
        `- ../components/${name}`,
      );
    }
  }

  async delete(path: string): Promise<void> {
    await rm(join(this.#folder, path));
  }

  async read(path: string): Promise<string> {
    return readFile(join(this.#folder, path), "utf8");
  }

  /** @throws Error if the text is not there, so that no change is none */
  async replace(path: string, text: string, by: string): Promise<void> {
    const before = await this.read(path);
    const after = before.replace(text, () => by);
    if (after === before) throw new Error(`${path} has no ${text}`);
    await this.write(path, after);
  }

  async check(path: string): Promise<Outcome> {
    return this.#tool.run(join(this.#folder, path));
  }

  /** @throws Error with what is at fault */
  async build(path: string): Promise<Manifests> {
    const { isOk, stdout, stderr } = await this.check(path);
    if (!isOk) throw new Error(stderr);
    return new Manifests(stdout);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
