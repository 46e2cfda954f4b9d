import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { z } from "zod";

import { freePort } from "../support/free-port.ts";

const START_MS = 60_000;

const seriesSchema = z.object({
  resultType: z.literal("matrix"),
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      values: z.array(z.tuple([z.number(), z.string()])),
    }),
  ),
});
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.looseObject({
          name: z.string(),
          health: z.string(),
          lastError: z.string().optional(),
          state: z.string(),
          alerts: z.array(z.looseObject({ annotations: z.record(z.string(), z.string()) })),
        }),
      ),
    }),
  ),
});

export interface Series {
  labels: Record<string, string>;
  /** NaN where nothing can be computed. */
  values: number[];
}
export type LiveRule = z.output<typeof rulesSchema>["groups"][number]["rules"][number];

/** A real Prometheus that scrapes every second and evaluates its rules as often. */
export class Prometheus {
  readonly #url: string;
  readonly stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.#url = url;
    this.stop = stop;
  }

  /** @throws Error when Prometheus is missing or does not start */
  static async start(targets: readonly string[], ruleFile: string): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
    const config = join(folder, "prometheus.yml");
    await writeFile(
      config,
      JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: [ruleFile],
        scrape_configs: [{ job_name: "dixa-relay", static_configs: [{ targets }] }],
      }),
    );
    const address = `127.0.0.1:${await freePort()}`;
    const options = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      "--log.level=warn",
    ];
    const child = spawn("prometheus", options, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const ended = once(child, "close").catch((error: unknown) => {
      said += `Prometheus can't be started (apt-get install prometheus): ${String(error)}`;
    });
    const prometheus = new Prometheus(`http://${address}`, async () => {
      process.off("exit", kill);
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true });
    });
    const over = new AbortController();
    void ended.then(() => {
      over.abort();
    });
    const giveUpAt = Date.now() + START_MS;
    while (!(await prometheus.#isReady())) {
      if (over.signal.aborted || Date.now() > giveUpAt) {
        await prometheus.stop();
        throw new Error(`Prometheus did not start: ${said}`);
      }
      await delay(100);
    }
    return prometheus;
  }

  /** What a query gives over the last half minute. @throws Error with what Prometheus says against it */
  async query(expr: string): Promise<Series[]> {
    const now = Date.now() / 1000;
    const parameters = { query: expr, start: `${now - 30}`, end: `${now}`, step: "1" };
    const { result } = seriesSchema.parse(await this.#get("query_range", parameters));
    return result.map(({ metric, values }) => ({
      labels: metric,
      values: values.map(([, value]) => Number(value)),
    }));
  }

  async labelValues(label: string, selector: string): Promise<string[]> {
    return z.array(z.string()).parse(await this.#get(`label/${label}/values`, { "match[]": selector }));
  }

  async rules(): Promise<LiveRule[]> {
    return rulesSchema.parse(await this.#get("rules", {})).groups.flatMap(({ rules }) => rules);
  }

  async #get(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const body = z.object({ data: z.unknown(), error: z.string().optional() }).parse(await response.json());
    if (body.error !== undefined) throw new Error(body.error);
    return body.data;
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.#url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}
