import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { BOUNDS } from "./bounds.ts";
import { PASSING_FAULTS } from "./faults.ts";
import { type DixaSimulatorOptions } from "./options.ts";
import { PAGE_KEYS } from "./page-keys.ts";

export interface MainArguments {
  /** What goes to the simulator as it is. */
  options: DixaSimulatorOptions;
  days: number;
  /** ms UTC; undefined: now. */
  end: number | undefined;
  /** Seconds by which Dixa's clock is ahead. */
  skew: number;
  /** Seconds between two happenings. */
  live: number | undefined;
  quiet: boolean;
}

/** The command line of `npm run simulator`; ends the process with a message if it is wrong. */
export async function parseArguments(argv: readonly string[]): Promise<MainArguments> {
  const args = await yargs(hideBin([...argv]))
    .scriptName("npm run simulator --")
    .usage("$0 [options]\n\nServes both of Dixa's APIs on this machine, with made-up data, until Ctrl-C.")
    .options({
      "exports-port": { type: "number", default: 8401, describe: "Port of the Exports API; 0: any" },
      "api-port": { type: "number", default: 8402, describe: "Port of the Dixa API; 0: any" },
      quiet: { type: "boolean", default: false, describe: "Don't print a line for each request" },
    })
    .options({
      seed: { type: "number", default: 1, describe: "The same seed and end give the same data" },
      days: { type: "number", default: 150, describe: "Days of data" },
      end: { type: "string", describe: "End of the data, a date  [default: now]", coerce: parseEnd },
      conversations: { type: "number", default: 20_000, describe: "Conversations" },
      messages: { type: "number", describe: "Messages  [default: three a conversation]" },
      "activity-logs": { type: "number", describe: "Activity logs  [default: four a conversation]" },
      "text-bytes": { type: "number", default: 40, describe: "Length of notes and texts, for larger rows" },
      oddities: { type: "boolean", default: false, describe: "Add rows that readers stumble over" },
      "zone-names": {
        choices: ["none", "all", "mixed"] as const,
        default: "mixed" as const,
        describe: "Which instants of the activity log end in [GMT]",
      },
      live: { type: "number", describe: "Every so many seconds something happens, and webhooks tell of it" },
    })
    .group(
      [
        "seed",
        "days",
        "end",
        "conversations",
        "messages",
        "activity-logs",
        "text-bytes",
        "oddities",
        "zone-names",
        "live",
      ],
      "Data:",
    )
    .options({
      bounds: { choices: BOUNDS, default: "from" as const, describe: "Which of after and before count" },
      "whole-seconds": { type: "boolean", default: true, describe: "The activity log ignores fractions" },
      reach: {
        choices: ["length", "age"] as const,
        default: "length" as const,
        describe: "Whether 90 days are a window's length or the rows' age",
      },
      shuffle: { type: "boolean", default: false, describe: "Rows in no order" },
      gzip: { type: "boolean", default: true, describe: "Compress answers; --no-gzip for none" },
      latency: { type: "number", default: 0, describe: "Time before each answer, ms" },
      limits: { type: "boolean", default: true, describe: "Dixa's rate limits; --no-limits for none" },
      "retry-after": { type: "boolean", default: false, describe: "A 429 says when to come back" },
      "page-rows": { type: "number", describe: "Rows a page has at most  [default: 10000]" },
      "page-keys": {
        choices: PAGE_KEYS,
        default: "lasting" as const,
        describe: "Whether page keys may be used twice, or how a second use is answered",
      },
      skew: { type: "number", default: 0, describe: "Seconds by which Dixa's clock is ahead" },
    })
    .group(
      [
        "bounds",
        "whole-seconds",
        "reach",
        "shuffle",
        "gzip",
        "latency",
        "limits",
        "retry-after",
        "page-rows",
        "page-keys",
        "skew",
      ],
      "Behaviour:",
    )
    .options({
      "fault-rate": { type: "number", default: 0, describe: "Share of requests that fail, 0 to 1" },
      faults: { array: true, choices: PASSING_FAULTS, describe: "Which faults  [default: all that pass]" },
    })
    .group(["fault-rate", "faults"], "Faults:")
    .options({
      duplicates: { type: "number", default: 0, describe: "Share that is delivered twice, 0 to 1" },
      jitter: { type: "number", default: 0, describe: "Delays by up to so many ms, which mixes their order" },
      retries: { type: "number", default: 0, describe: "How often a failed delivery is made again" },
      control: {
        type: "boolean",
        default: false,
        describe: "POST /__control/{close,message,emit,…} on the Dixa API's port",
      },
    })
    .group(["duplicates", "jitter", "retries", "control"], "Webhooks:")
    .example("$0 --fault-rate 0.2 --shuffle", "A bad day at Dixa")
    .example("$0 --live 5 --no-limits", "An account in use, without its rate limits")
    .strict()
    .showHelpOnFail(false, "All options: npm run simulator -- --help")
    .check(checkNumbers)
    .version(false)
    .wrap(110)
    .parseAsync();
  const { seed, conversations, messages, activityLogs, textBytes, oddities, zoneNames } = args;
  const { bounds, wholeSeconds, reach, shuffle, gzip, limits, retryAfter, pageRows, pageKeys } = args;
  return {
    options: {
      ...{ seed, conversations, textBytes, oddities, zoneNames },
      ...(messages === undefined ? {} : { messages }),
      ...(activityLogs === undefined ? {} : { activityLogs }),
      ...{ bounds, wholeSeconds, reach, shuffle, gzip, limits, retryAfter, pageKeys },
      ...(pageRows === undefined ? {} : { largestPage: pageRows }),
      latencyMs: args.latency,
      exportsPort: args.exportsPort,
      apiPort: args.apiPort,
      control: args.control,
      faults: { rate: args.faultRate, ...(args.faults === undefined ? {} : { kinds: args.faults }) },
      webhooks: { duplicateRate: args.duplicates, jitterMs: args.jitter, retries: args.retries },
    },
    days: args.days,
    end: args.end,
    skew: args.skew,
    live: args.live,
    quiet: args.quiet,
  };
}

function parseEnd(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new Error(`--end must be a date such as 2025-06-01, not ${JSON.stringify(text)}`);
  return ms;
}

/** Shares, and numbers of things, by their option. */
const SHARES = ["fault-rate", "duplicates"];
const SIGNED = ["skew"];

function checkNumbers(args: Record<string, unknown>): true {
  for (const [name, value] of Object.entries(args)) {
    if (typeof value !== "number") continue;
    if (Number.isNaN(value)) throw new Error(`--${name} must be a number`);
    if (value < 0 && !SIGNED.includes(name)) throw new Error(`--${name} must not be negative`);
    if (value > 1 && SHARES.includes(name)) throw new Error(`--${name} must be between 0 and 1`);
  }
  if (args["days"] === 0 || args["live"] === 0) throw new Error("--days and --live must be above 0");
  return true;
}
