import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BUNDLE = fileURLToPath(new URL("../../dist/dixa-relay.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("../../src/relay.ts", import.meta.url));
const LISTENING = /listening on (http:\/\/[\w.:[\]]+)/;

export interface RelayProgramOptions {
  /** Run `dist/dixa-relay.js` and not the sources. Default false. */
  bundled?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** How a process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

function programOf({ bundled = false }: RelayProgramOptions): string {
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
  options: RelayProgramOptions & { signal?: AbortSignal } = {},
): Promise<string[]> {
  const { env = process.env, signal } = options;
  const { stdout } = await promisify(execFile)(process.execPath, [programOf(options), ...args], {
    env,
    ...(signal === undefined ? {} : { signal }),
  });
  return stdout.trimEnd().split("\n");
}

/** `dixa-relay serve` as a process of its own, which listens. */
export class RelayServer {
  readonly url: string;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #log: () => string;

  private constructor(url: string, child: ChildProcess, ended: Promise<Ending>, log: () => string) {
    this.url = url;
    this.#child = child;
    this.ended = ended;
    this.#log = log;
  }

  /**
   * Resolves when it listens.
   *
   * @throws Error with what it said when it ends before that
   */
  static async start(config: string, options: RelayProgramOptions = {}): Promise<RelayServer> {
    const { env = process.env } = options;
    const args = [programOf(options), "serve", "--config", config];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
    // Whatever becomes of this process, the relay does not outlive it.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    const listening = Promise.withResolvers<string>();
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const url = LISTENING.exec(text)?.[1];
        if (url !== undefined) listening.resolve(url);
      });
    }
    const ended = once(child, "close").then(([code, signal]) => {
      process.off("exit", kill);
      listening.reject(new Error(`the relay ended before it listened: ${text}`));
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    return new RelayServer(await listening.promise, child, ended, () => text);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("a process that has started has a number");
    return this.#child.pid;
  }

  /** Everything that it said so far. */
  get log(): string {
    return this.#log();
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
