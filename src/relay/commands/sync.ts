import { type Argv } from "yargs";

import { type Clock, systemClock } from "../../http/clock.ts";
import { formatDuration, parseDuration } from "../config/scalars.ts";
import { type SyncView } from "../http/sync-schemas.ts";
import { count } from "../telemetry/describe-state.ts";
import { clientOptions, type CommandLine, EXIT_FAILED, EXIT_TIMED_OUT } from "./command-line.ts";
import { isUnreachable, type RelayClient } from "./relay-client.ts";

export interface SyncOptions {
  client: Pick<RelayClient, "sync" | "syncProgress">;
  clock: Clock;
  credentialId: string;
  /** How long to wait for success, ms; undefined: not at all. */
  waitMs: number | undefined;
  print: (line: string) => void;
}

/** `failed` means that a connection can't be synced now, `timed_out` that not all of them were in time. */
export type SyncEnd = "succeeded" | "requested" | "failed" | "timed_out";

const LOOK_MS = 1000;

const EXIT: Readonly<Record<SyncEnd, number>> = {
  succeeded: 0,
  requested: 0,
  failed: EXIT_FAILED,
  timed_out: EXIT_TIMED_OUT,
};

export function addSyncCommand(program: Argv, commandLine: CommandLine): void {
  program.command(
    "sync",
    "Sync every connection of a credential now",
    (args) =>
      args
        .options(clientOptions)
        .option("credential", {
          type: "string",
          requiresArg: true,
          demandOption: true,
          describe: "Id of the credential",
        })
        .option("wait", {
          type: "boolean",
          default: false,
          describe: "Wait until each has succeeded. Exit status: 0 all did, 1 one can't, 3 time ran out",
        })
        .option("timeout", {
          type: "string",
          requiresArg: true,
          default: "1h",
          describe: "How long to wait, such as 90s or 2h",
        }),
    (args) => {
      const timeoutMs = parseDuration(args.timeout);
      if (timeoutMs === undefined) {
        commandLine.misused(`--timeout ${args.timeout} is not a duration. Write it like 90s, 15m or 2h.`);
        return;
      }
      return commandLine.run(async () => {
        const end = await sync({
          client: commandLine.client(args),
          clock: systemClock,
          credentialId: args.credential,
          waitMs: args.wait ? timeoutMs : undefined,
          print: commandLine.print,
        });
        return EXIT[end];
      });
    },
  );
}

/**
 * Asks for a sync of all connections of a credential and, if wished, waits until each has succeeded.
 *
 * @throws CommandError
 */
export async function sync(options: SyncOptions): Promise<SyncEnd> {
  const { client, clock, credentialId, waitMs, print } = options;
  let view = await client.sync(credentialId);
  const { seq } = view;
  const until = clock.now() + (waitMs ?? 0);
  const told = new Told();
  for (;;) {
    const { outcome, reasons } = view;
    if (waitMs !== undefined) for (const line of told.changes(view)) print(line);
    if (outcome === "succeeded") return outcome;
    if (outcome === "failed") {
      for (const { reason } of reasons) print(`can't be synced: ${reason}`);
      return outcome;
    }
    if (waitMs === undefined) {
      print(`requested: ${count(view.total, "connection")} will be synced`);
      return "requested";
    }
    if (clock.now() >= until) {
      print(`not done after ${formatDuration(waitMs)}; the relay goes on by itself`);
      return "timed_out";
    }
    await clock.sleep(Math.min(LOOK_MS, Math.max(1, until - clock.now())));
    try {
      view = await client.syncProgress(credentialId, seq);
    } catch (error) {
      // A relay that is started anew goes on where it was, and so do we.
      if (!isUnreachable(error)) throw error;
    }
  }
}

/** What has been told of a request, so that each change is told once. */
class Told {
  readonly #states = new Map<string, string>();
  #synced = 0;

  changes({ connections, synced, total }: SyncView): string[] {
    const lines: string[] = [];
    for (const { connection_id, name, state, state_text } of connections) {
      if (this.#states.get(connection_id) === state) continue;
      this.#states.set(connection_id, state);
      lines.push(`${name === "" ? connection_id : name}: ${state_text}`);
    }
    if (synced !== this.#synced) lines.push(`synced: ${synced} of ${count(total, "connection")}`);
    this.#synced = synced;
    return lines;
  }
}
