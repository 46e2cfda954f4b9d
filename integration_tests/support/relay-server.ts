import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { NODE_FLAGS } from "./node-flags.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/dixa-relay.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("../../src/relay.ts", import.meta.url));
const LISTENING = /listening on (http:\/\/[\w.:[\]]+)/;

export interface RelayServerOptions {
  /** Run `dist/dixa-relay.js` and not the sources. Default false. */
  bundled?: boolean;
  /** Run this file, which was built from another revision. */
  program?: string;
  env?: NodeJS.ProcessEnv;
}

/** How a process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

function programOf({ bundled = false, program }: RelayServerOptions): string {
  if (program !== undefined) return program;
  if (bundled && !existsSync(BUNDLE)) throw new Error("dist/dixa-relay.js is missing: run npm run build");
  return bundled ? BUNDLE : SOURCE;
}

/**
 * Runs a command of the relay to its end.
 *
 * @returns the lines of stdout
 * @throws Error with its stderr when it fails
 */
export async function runRelayCommand(
  args: readonly string[],
  options: RelayServerOptions & { signal?: AbortSignal } = {},
): Promise<string[]> {
  const { env = process.env, signal } = options;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...NODE_FLAGS, programOf(options), ...args],
    {
      env,
      ...(signal === undefined ? {} : { signal }),
    },
  );
  return stdout.trimEnd().split("\n");
}

/** How a command ended, and what it said. */
export interface CommandResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The same for a command that may fail. */
export async function tryRelayCommand(
  args: readonly string[],
  options: RelayServerOptions = {},
): Promise<CommandResult> {
  const { env = process.env } = options;
  const child = spawn(process.execPath, [...NODE_FLAGS, programOf(options), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}

/** `dixa-relay serve` as a process of its own. */
export class RelayServer {
  /** Its address, once it listens. Rejects with what it said when it ends before that. */
  readonly listening: Promise<string>;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #log = "";

  constructor(config: string, options: RelayServerOptions = {}) {
    const { env = process.env } = options;
    const args = [...NODE_FLAGS, programOf(options), "serve", "--config", config];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
    this.#child = child;
    // Whatever becomes of this process, the relay does not outlive it.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const listening = Promise.withResolvers<string>();
    this.listening = listening.promise;
    // Who only wants to kill it doesn't wait for it.
    this.listening.catch(() => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        this.#log += chunk;
        const url = LISTENING.exec(this.#log)?.[1];
        if (url !== undefined) listening.resolve(url);
      });
    }
    this.ended = once(child, "close").then(([code, signal]) => {
      process.off("exit", kill);
      listening.reject(new Error(`the relay ended before it listened: ${this.#log}`));
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("the relay did not start");
    return pid;
  }

  /** Everything that it said so far. */
  get log(): string {
    return this.#log;
  }

  /** Freezes it wherever it is, lets it go on, or has it read its configuration or its clock (skewed-clock.ts) anew. */
  signal(name: "SIGCONT" | "SIGHUP" | "SIGSTOP" | "SIGUSR2"): void {
    this.#child.kill(name);
  }

  /** Tells it to stop, and waits until it has. */
  async stop(): Promise<Ending> {
    this.#child.kill("SIGTERM");
    return this.ended;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<Ending> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }
}
