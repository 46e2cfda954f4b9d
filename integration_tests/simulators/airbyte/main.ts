import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { AirbyteSimulator, CLIENT_ID, CLIENT_SECRET, type Source } from "./index.ts";
import { SourceRunner } from "./source-runner.ts";

const CREDENTIAL_ID = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";

const args = await yargs(hideBin(process.argv))
  .scriptName("npm run airbyte-simulator --")
  .usage("$0 [options]\n\nServes Airbyte's public API on this machine, with jobs that run, until Ctrl-C.")
  .option("port", { type: "number", default: 8403, describe: "0: any that is free" })
  .option("connections", { type: "number", default: 2, describe: "Connections of the one source" })
  .option("source-config", {
    type: "string",
    describe: "A configuration of source-dixa (JSON); its jobs then really sync, and drop what they read",
  })
  .option("pending", { type: "number", default: 500, describe: "Time until a job runs, ms" })
  .option("running", { type: "number", default: 3000, describe: "Time that a job runs without a source, ms" })
  .option("capacity", { type: "number", describe: "Jobs that run at the same time  [default: all]" })
  .option("max-attempts", { type: "number", default: 1, describe: "Attempts before a job has failed" })
  .option("token-ttl", { type: "number", default: 900, describe: "Life of an access token, s" })
  .option("stall", { type: "number", default: 60_000, describe: "How long the fault “stall” lasts, ms" })
  .option("json", { type: "boolean", default: false, describe: "Say where it listens in one line of JSON" })
  .option("seed", { type: "number", default: 1, describe: "The same seed draws the same faults" })
  .example(
    "$0 --source-config config.json",
    "Jobs that run source-dixa, against the Dixa simulator for example",
  )
  .strict()
  .version(false)
  .wrap(110)
  .parseAsync();

const folder = await mkdtemp(join(tmpdir(), "airbyte-simulator-"));
const sources = new Map<string, Source>();
const runner = new SourceRunner({ folder, sourceOf: (id) => sources.get(id) });
try {
  const simulator = await start();
  const ended = Promise.withResolvers<undefined>();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      ended.resolve(undefined);
    });
  }
  await ended.promise;
  await simulator.close();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The simulator can't start: ${reason}\n`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function start(): Promise<AirbyteSimulator> {
  const { sourceConfig } = args;
  const simulator = new AirbyteSimulator({
    port: args.port,
    pendingMs: args.pending,
    runningMs: args.running,
    maxAttempts: args.maxAttempts,
    tokenTtlMs: args.tokenTtl * 1000,
    stallMs: args.stall,
    seed: args.seed,
    ...(args.capacity === undefined ? {} : { capacity: args.capacity }),
    ...(sourceConfig === undefined ? {} : { runSync: runner.run }),
  });
  const given: unknown =
    sourceConfig === undefined
      ? { api_token: "sim-token-0123456789", start_date: "2026-01-01" }
      : JSON.parse(await readFile(sourceConfig, "utf8"));
  const configuration = { credential_id: CREDENTIAL_ID, ...(given as Record<string, unknown>) };
  const source = simulator.addSource({ name: "Dixa", configuration });
  sources.set(source.sourceId, source);
  const connections = Array.from({ length: args.connections }, () =>
    simulator.addConnection({ sourceId: source.sourceId, tags: ["dixa"] }),
  );
  await simulator.listen();
  const ids = connections.map(({ connectionId }) => connectionId);
  if (args.json) {
    const { url, origin } = simulator;
    const ready = { url, control: `${origin}/_control`, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET };
    process.stdout.write(`${JSON.stringify({ ...ready, connectionIds: ids })}\n`);
  } else {
    tell(simulator, configuration.credential_id, ids);
  }
  return simulator;
}

function tell(simulator: AirbyteSimulator, credentialId: string, connectionIds: readonly string[]): void {
  process.stdout.write(`Airbyte API    ${simulator.url}
Client         ${CLIENT_ID}
Secret         ${CLIENT_SECRET}
Credential id  ${credentialId}
Connections    ${connectionIds.join("\n               ")}
Control        ${simulator.origin}/_control/state (what happened), POST …/faults, /plans, /scheduled

A token:
curl -s ${simulator.url}/applications/token -H 'content-type: application/json' \\
  -d '{"client_id":"${CLIENT_ID}","client_secret":"${CLIENT_SECRET}","grant-type":"client_credentials"}'

Stop it with Ctrl-C.
`);
}
