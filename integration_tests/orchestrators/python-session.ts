import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { linesOf } from "../support/lines.ts";

const RESULT = "RESULT ";
const ERROR = "ERROR ";
const CLOSE_MS = 30_000;

/**
 * A Python process that imports an orchestrator once, for that takes it long, and then carries out one request after
 * another: lines of JSON in, lines that begin with RESULT out. What else it says is its log.
 */
export class PythonSession<Request, Result> {
  /** What it said since the last request. */
  log = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;
  #waiting: PromiseWithResolvers<Result> | undefined;

  /**
   * @param venv name of the virtual environment that run.sh has made
   * @param script in `python/`
   */
  constructor(venv: string, script: string, env: NodeJS.ProcessEnv) {
    const python = fileURLToPath(new URL(`../../.venv/${venv}/bin/python`, import.meta.url));
    if (!existsSync(python)) throw new Error(`${venv} is not installed: npm run test:orchestrators does it`);
    const path = fileURLToPath(new URL(`python/${script}`, import.meta.url));
    const child = spawn(python, ["-u", path], { env: { ...process.env, ...env }, stdio: "pipe" });
    this.#child = child;
    // Whatever becomes of this process, the other does not outlive it.
    process.once("exit", () => child.kill("SIGKILL"));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.log += text));
    this.#read(child.stdout).catch(() => undefined);
    this.#ended = once(child, "exit").then(() => {
      this.#waiting?.reject(new Error(`${script} has ended:\n${this.log}`));
    });
  }

  /** One at a time. */
  async ask(request: Request): Promise<Result> {
    if (this.#child.exitCode !== null) throw new Error(`the session has ended:\n${this.log}`);
    this.log = "";
    const waiting = Promise.withResolvers<Result>();
    this.#waiting = waiting;
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return await waiting.promise;
  }

  async close(): Promise<void> {
    // It ends with its input; what its children leave open is nobody's concern.
    this.#child.stdin.end();
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_MS);
    await this.#ended;
    clearTimeout(kill);
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
  }

  async #read(stdout: AsyncIterable<Buffer>): Promise<void> {
    for await (const line of linesOf(stdout)) {
      const text = line.toString();
      if (text.startsWith(RESULT)) this.#waiting?.resolve(JSON.parse(text.slice(RESULT.length)) as Result);
      else if (text.startsWith(ERROR))
        this.#waiting?.reject(new Error(JSON.parse(text.slice(ERROR.length)) as string));
      else this.log += `${text}\n`;
    }
  }
}
