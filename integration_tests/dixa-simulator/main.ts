import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { BOUNDS, LEGACY_TOKEN, PASSING_FAULTS, POWERLESS_TOKEN, startDixaSimulator } from "./index.ts";

const DAY_MS = 86_400_000;

const args = await yargs(hideBin(process.argv))
  .scriptName("npm run simulator --")
  .usage("$0 [options]\n\nServes both of Dixa's APIs on this machine, with made-up data, until Ctrl-C.")
  .option("exports-port", { type: "number", default: 8401, describe: "Port of the Exports API; 0: any" })
  .option("api-port", { type: "number", default: 8402, describe: "Port of the Dixa API; 0: any" })
  .option("seed", { type: "number", default: 1, describe: "The same seed gives the same data" })
  .option("days", { type: "number", default: 150, describe: "Days of data, up to now" })
  .option("conversations", { type: "number", default: 20_000, describe: "Conversations" })
  .option("messages", { type: "number", describe: "Messages  [default: three a conversation]" })
  .option("activity-logs", { type: "number", describe: "Activity logs  [default: four a conversation]" })
  .option("text-bytes", {
    type: "number",
    default: 40,
    describe: "Length of notes and texts, for larger rows",
  })
  .option("oddities", { type: "boolean", default: false, describe: "Add rows that readers stumble over" })
  .option("zone-names", {
    choices: ["none", "all", "mixed"] as const,
    default: "mixed" as const,
    describe: "[GMT]",
  })
  .option("bounds", { choices: BOUNDS, default: "from" as const, describe: "How after and before are read" })
  .option("shuffle", { type: "boolean", default: false, describe: "Rows in no order" })
  .option("gzip", { type: "boolean", default: true, describe: "Compress answers" })
  .option("latency", { type: "number", default: 0, describe: "Time before each answer, ms" })
  .option("limits", { type: "boolean", default: true, describe: "Dixa's rate limits; --no-limits for none" })
  .option("fault-rate", { type: "number", default: 0, describe: "Share of requests that fail, 0 to 1" })
  .option("faults", {
    array: true,
    choices: PASSING_FAULTS,
    describe: "Which faults  [default: all that pass]",
  })
  .example("$0 --fault-rate 0.2 --shuffle", "A bad day at Dixa")
  .strict()
  .version(false)
  .wrap(110)
  .parseAsync();

const now = Math.floor(Date.now() / 1000) * 1000;
const simulator = await startDixaSimulator({
  seed: args.seed,
  span: { lo: now - args.days * DAY_MS, hi: now },
  conversations: args.conversations,
  ...(args.messages === undefined ? {} : { messages: args.messages }),
  ...(args.activityLogs === undefined ? {} : { activityLogs: args.activityLogs }),
  textBytes: args.textBytes,
  oddities: args.oddities,
  zoneNames: args.zoneNames,
  bounds: args.bounds,
  shuffle: args.shuffle,
  gzip: args.gzip,
  latencyMs: args.latency,
  limits: args.limits,
  exportsPort: args.exportsPort,
  apiPort: args.apiPort,
  faults: { rate: args.faultRate, ...(args.faults === undefined ? {} : { kinds: args.faults }) },
}).catch((error: unknown) => {
  process.stderr.write(
    `The simulator can't start: ${error instanceof Error ? error.message : String(error)}\n` +
      "Choose other ports with --exports-port and --api-port.\n",
  );
  process.exit(1);
});
process.stdout.write(`Exports API  ${simulator.exportsUrl}
Dixa API     ${simulator.apiUrl}
Tokens       ${simulator.token} (good), ${LEGACY_TOKEN} (of the old Integrations API), ${POWERLESS_TOKEN} (no rights)

A configuration for source-dixa:
${JSON.stringify(simulator.config(), null, 2)}

Stop it with Ctrl-C.
`);
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    void simulator.close();
  });
}
