import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { z } from "zod";

import { linesOf } from "../integration_tests/support/lines.ts";
import { measure, type Measured } from "../integration_tests/support/measured-process.ts";
import { NODE_FLAGS } from "../integration_tests/support/node-flags.ts";
import { sourceProgram } from "../integration_tests/support/source-process.ts";
import { configuredCatalog } from "../integration_tests/support/sync-run.ts";
import { median, summary } from "./statistics.ts";

const ROWS = 200_000;
const RUNS = 3;
const USUAL = "res.json() and JSON.stringify";
const FLOOR = "write the body as it comes";
const OURS = "source-dixa read";

const serverSchema = z.object({
  url: z.string(),
  /** Before the first row, ms UTC. */
  start: z.number(),
  bytes: z.number(),
  compressedBytes: z.number(),
});

interface BodyServer extends z.infer<typeof serverSchema> {
  child: ChildProcess;
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

async function startServer(mode: string): Promise<BodyServer> {
  const args = [script("./body-server.ts"), String(ROWS), mode];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of linesOf(child.stdout as AsyncIterable<Buffer>)) {
    return { child, ...serverSchema.parse(JSON.parse(line.toString("utf8"))) };
  }
  throw new Error("the server of the benchmark did not start");
}

/** A client of bench/clients as one file, as the programs are, so that nobody pays for Node's TypeScript. */
async function bundled(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.js`);
  const js = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;
  await build({
    ...{
      entryPoints: [script(`./clients/${name}.ts`)],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
    },
    banner: { js },
  });
  return outfile;
}

/** The read path beside its floor and beside the usual way, in turn, so that a noisy moment hits all of them. */
async function compare(mode: "plain" | "gzip"): Promise<void> {
  const { child, url, start, bytes } = await startServer(mode);
  const folder = await mkdtemp(join(tmpdir(), "source-dixa-bench-"));
  try {
    const start_date = new Date(start).toISOString().slice(0, 19) + "Z";
    const hosts = { exports_url: url, api_url: url };
    await writeFile(
      join(folder, "config.json"),
      JSON.stringify({ api_token: "bench-token-1", start_date, ...hosts }),
    );
    await writeFile(join(folder, "catalog.json"), JSON.stringify(configuredCatalog(["conversations"])));
    const exported = `${url}/v1/conversation_export`;
    const contenders: Record<string, string[]> = {
      "drain the body": [await bundled("drain", folder), exported],
      [FLOOR]: [await bundled("pass-on", folder), exported],
      [USUAL]: [await bundled("parse-and-stringify", folder), exported],
      [OURS]: [
        ...NODE_FLAGS,
        sourceProgram(true),
        ...["read", "--config", join(folder, "config.json"), "--catalog", join(folder, "catalog.json")],
      ],
    };
    const runs = new Map<string, Measured[]>(Object.keys(contenders).map((name) => [name, []]));
    for (let run = 0; run <= RUNS; run++) {
      for (const [name, args] of Object.entries(contenders)) {
        const measured = await measure(args);
        if (measured.code !== 0) throw new Error(`${name} failed: ${measured.stderr}`);
        // The first round warms up caches.
        if (run > 0) runs.get(name)?.push(measured);
      }
    }
    report(mode, bytes, runs);
  } finally {
    child.kill();
    await rm(folder, { recursive: true });
  }
}

function report(mode: string, bytes: number, runs: Map<string, Measured[]>): void {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const megabytes = bytes / 1e6;
  say(
    `\n${ROWS.toLocaleString("en")} conversations, ${megabytes.toFixed(0)} MB, ${mode}; whole processes, median [min–max] of ${RUNS}`,
  );
  for (const [name, measured] of runs) {
    const wall = summary(measured.map(({ wallMs }) => wallMs / 1000));
    const cpu = summary(measured.map(({ cpuMs }) => cpuMs / 1000));
    const rate = (megabytes / median(measured.map(({ wallMs }) => wallMs / 1000))).toFixed(0);
    const rss = Math.max(...measured.map(({ peakRssMiB }) => peakRssMiB)).toFixed(0);
    say(`${name.padEnd(30)} ${wall} s  ${rate.padStart(4)} MB/s  ${cpu} CPU s  ${rss} MiB at most`);
  }
  const ratio = (of: string, to: string, figure: "cpuMs" | "wallMs") =>
    summary(
      (runs.get(of) ?? []).map((run, index) => run[figure] / (runs.get(to)?.[index]?.[figure] ?? Number.NaN)),
    );
  say(
    `${USUAL} takes ${ratio(USUAL, OURS, "cpuMs")} times the CPU time of ${OURS}, ${ratio(USUAL, OURS, "wallMs")} times its time`,
  );
  say(`${OURS} takes ${ratio(OURS, FLOOR, "cpuMs")} times the CPU time of who does nothing but "${FLOOR}"`);
}

export async function benchReadPath(): Promise<void> {
  await compare("plain");
  await compare("gzip");
}
