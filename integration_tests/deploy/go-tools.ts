import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, "schemas");
/** The first build compiles a good part of Kubernetes; later ones are cached. */
export const BUILD_TIMEOUT_MS = 1_200_000;

export interface Outcome {
  isOk: boolean;
  stdout: string;
  stderr: string;
}

/** A program of `schemas/`, built. */
export interface GoTool {
  run(...args: string[]): Promise<Outcome>;
  remove(): Promise<void>;
}

/** @throws Error when Go is missing, saying how to get it, or when the program can't be built */
export async function buildGoTool(name: "manifests" | "dashboard"): Promise<GoTool> {
  const folder = await mkdtemp(join(tmpdir(), "deploy-tool-"));
  const program = join(folder, name);
  try {
    await run("go", ["build", "-o", program, `./${name}`], { cwd: FOLDER, maxBuffer: 1 << 26 });
  } catch (error) {
    await rm(folder, { recursive: true });
    if ((error as { code?: unknown }).code === "ENOENT") {
      throw new Error("Go is missing: apt-get install golang, or go.dev", { cause: error });
    }
    throw error;
  }
  return {
    run: (...args) => outcomeOf(program, args),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Runs a program to its end, whatever that is. @throws Error when it can't be started */
export async function outcomeOf(program: string, args: readonly string[], cwd?: string): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(program, args, { cwd, maxBuffer: 1 << 26 });
    return { isOk: true, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== "number") throw error;
    return { isOk: false, stdout: stdout ?? "", stderr: stderr ?? "" };
  }
}
