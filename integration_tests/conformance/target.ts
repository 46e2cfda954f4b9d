import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { parseMessages } from "../support/sync-run.ts";

const execute = promisify(execFile);
const BUNDLE = fileURLToPath(new URL("../../dist/source-dixa.js", import.meta.url));
const LARGEST_OUTPUT_BYTES = 256 * 1024 * 1024;

export type Command = "spec" | "check" | "discover" | "read";

/** What a command is given, each as a file with that content. */
export interface Inputs {
  config?: unknown;
  catalog?: unknown;
  state?: unknown;
}

export interface Outcome {
  exitCode: number;
  messages: AirbyteMessage[];
  stdout: string;
  stderr: string;
}

/** The connector in one of the forms in which it is shipped. */
export interface Target {
  name: string;
  /** The image's tag; undefined for the built program. */
  image?: string;
  /** Runs a command to its end. Throws if a line of stdout is no message of the protocol. */
  run(command: Command, inputs?: Inputs): Promise<Outcome>;
}

/**
 * The built program, and the image that `SOURCE_DIXA_IMAGE` names. In a container the simulator on this machine's
 * loopback is reached through `--network host`.
 */
export function targets(): Target[] {
  const image = process.env["SOURCE_DIXA_IMAGE"];
  const program: Target = {
    name: "dist/source-dixa.js",
    run: (command, inputs = {}) =>
      withFiles(inputs, (folder, files) => {
        if (!existsSync(BUNDLE)) throw new Error("dist/source-dixa.js is missing: run npm run build");
        return outcomeOf(BUNDLE, [command, ...flags(folder, files)], process.env);
      }),
  };
  return image === undefined || image === "" ? [program] : [program, imageTarget(image)];
}

function imageTarget(image: string): Target {
  return {
    name: `image ${image}`,
    image,
    run: (command, inputs = {}) =>
      withFiles(inputs, (folder, files) => {
        const docker = ["run", "--rm", "--network", "host", "-v", `${folder}:/data:ro`, image];
        return outcomeOf("docker", [...docker, command, ...flags("/data", files)], process.env);
      }),
  };
}

/** The image's configuration, as `docker image inspect` tells it. */
export async function inspectImage(image: string): Promise<unknown> {
  const { stdout } = await execute("docker", ["image", "inspect", "--format", "{{json .Config}}", image]);
  return JSON.parse(stdout);
}

function flags(folder: string, files: readonly string[]): string[] {
  return files.flatMap((name) => [`--${name}`, `${folder}/${name}.json`]);
}

async function withFiles<T>(
  inputs: Inputs,
  use: (folder: string, files: string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    // The user in the container is another one.
    await chmod(folder, 0o755);
    const files = Object.entries(inputs).filter(([, content]) => content !== undefined);
    for (const [name, content] of files)
      await writeFile(join(folder, `${name}.json`), JSON.stringify(content));
    return await use(
      folder,
      files.map(([name]) => name),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function outcomeOf(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  const ended = await execute(file, args, { env, maxBuffer: LARGEST_OUTPUT_BYTES }).then(
    ({ stdout, stderr }) => ({ exitCode: 0, stdout, stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
      if (typeof code !== "number") throw error;
      return { exitCode: code, stdout: stdout ?? "", stderr: stderr ?? "" };
    },
  );
  return { ...ended, messages: parseMessages(ended.stdout) };
}
