import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { CONNECTOR_IMAGE } from "./images.ts";

/** By which containers that a failed test has left are found and removed. */
const TEST_LABEL = "source-dixa.acceptance";

/** How Airbyte's platform starts a connector's container on Kubernetes, in docker's words. */
export const PLATFORM_OPTIONS = [
  ...["--network", "host", "--user", "1000:1000", "--cap-drop", "ALL"],
  ...["--security-opt", "no-new-privileges"],
] as const;

/** What the platform puts into a source's environment. */
const PLATFORM_ENV = {
  DEPLOYMENT_MODE: "OSS",
  WORKER_CONNECTOR_IMAGE: CONNECTOR_IMAGE,
  WORKER_JOB_ID: "42",
  WORKER_JOB_ATTEMPT: "0",
  LOG_LEVEL: "INFO",
  USE_STREAM_CAPABLE_STATE: "true",
  USE_FILE_TRANSFER: "false",
  CONCURRENT_SOURCE_STREAM_READ: "true",
  AIRBYTE_ENABLE_UNSAFE_CODE: "false",
  JAVA_OPTS: "",
  CONNECTOR_STORAGE_LIMIT_BYTES: "5000000000",
  DATA_CHANNEL_MEDIUM: "STDIO",
  DATA_CHANNEL_FORMAT: "JSONL",
};

export interface ContainerEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A container of the image while it runs. */
export interface Container {
  child: ChildProcess;
  ended: Promise<ContainerEnd>;
}

/** Starts a container; `args` are what stands behind `docker run --rm`. */
export function startContainer(args: readonly string[]): Container {
  const child = spawn("docker", ["run", "--rm", "--label", TEST_LABEL, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(
    ([stdout, stderr, [code]]) => ({ exitCode: code as number, stdout, stderr }),
  );
  return { child, ended };
}

/** Starts the connector's shell with a script, where and as what the platform does. */
export function startOnPlatform(workdir: string, folder: string, script: string): Container {
  const env = Object.entries(PLATFORM_ENV).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const place = ["--volume", `${folder}:${workdir}`, "--workdir", workdir, "--entrypoint", "sh"];
  return startContainer([...PLATFORM_OPTIONS, ...env, ...place, CONNECTOR_IMAGE, "-c", script]);
}

/** A folder that every user may write to, gone after use. */
export async function withSharedFolder<T>(
  files: Record<string, unknown>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "platform-"));
  try {
    await chmod(folder, 0o777);
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), JSON.stringify(content));
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
