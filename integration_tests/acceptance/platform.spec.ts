import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import {
  type ContainerEnd,
  PLATFORM_OPTIONS,
  startContainer,
  startOnPlatform,
  withSharedFolder,
} from "../support/container.ts";
import { CONNECTOR_IMAGE, inside } from "../support/images.ts";
import { errorsOf, lastStates, messagesOf, rowsOf } from "../support/messages.ts";
import { configuredCatalog, parseMessages } from "../support/sync-run.ts";
import { expectTruth, STREAMS } from "../support/truth.ts";
import { CONFIG, FIXED_ACCOUNT, SPAN } from "./fixed-data.ts";

let simulator: DixaSimulator;

beforeAll(async () => {
  simulator = await startDixaSimulator(FIXED_ACCOUNT);
});

afterAll(async () => {
  await simulator.close();
});

function configOf({ exportsUrl, apiUrl }: DixaSimulator, more: Record<string, unknown> = {}) {
  return { ...CONFIG, exports_url: exportsUrl, api_url: apiUrl, ...more };
}

const READ = "$AIRBYTE_ENTRYPOINT read --config /source/connectorConfig.json --catalog /source/catalog.json";

/**
 * What the platform has the image's shell do, in the two forms of its launcher (its two ContainerCommandFactory.kt: of
 * pods, and of containers): AIRBYTE_ENTRYPOINT is run with named pipes, and a marker is watched for.
 */
const WRAPPERS = {
  pods: `
    if [ -z "$AIRBYTE_ENTRYPOINT" ]; then exit 127; fi
    (if [ -f inputState.json ]; then state="--state /source/inputState.json"; fi
    eval "${READ} $state" 2> stderr > stdout) &
    child=$!
    (while true; do if [ -f TERMINATED ]; then kill $child; exit 0; fi; sleep 1; done) &
    wait $child
    status=$?
    echo $status > exitCode.part
    mv exitCode.part exitCode.txt
    exit $status`,
  containers: `
    export SOURCE_DIR=/source
    if [ -z "\${AIRBYTE_ENTRYPOINT}" ]; then exit 127; fi
    (if [ -f $SOURCE_DIR/inputState.json ]; then state="--state $SOURCE_DIR/inputState.json"; fi
    eval "${READ} $state 2> \\"$SOURCE_DIR/stderr\\" > \\"$SOURCE_DIR/stdout\\"") &
    child=$!
    while [ -d /proc/$child ] 2> /dev/null; do
      if [ -f "$SOURCE_DIR/TERMINATED" ]; then kill -TERM $child 2> /dev/null || true; exit 0; fi
      sleep 1
    done
    wait $child
    status=$?
    echo $status > "$SOURCE_DIR/exitCode.txt"
    exit $status`,
} as const;

interface Replication extends ContainerEnd {
  /** What came through the pipes. */
  piped: { stdout: string; stderr: string };
  /** What the wrapper wrote down as the connector's exit status. */
  written: string;
}

/** One read as the platform runs it; `during` is called when it has begun. */
async function replicate(
  files: { config: unknown; catalog?: unknown; state?: unknown },
  wrapper: keyof typeof WRAPPERS = "pods",
  during: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<Replication> {
  const { config, catalog = configuredCatalog(), state } = files;
  const inputs = {
    "connectorConfig.json": config,
    "catalog.json": catalog,
    ...(state === undefined ? {} : { "inputState.json": state }),
  };
  return withSharedFolder(inputs, async (folder) => {
    const pipes = ["stdout", "stderr"].map((name) => join(folder, name));
    execFileSync("mkfifo", ["--mode=666", ...pipes]);
    const container = startOnPlatform("/source", folder, WRAPPERS[wrapper]);
    const reading = pipes.map((pipe) => text(createReadStream(pipe)));
    await during(folder);
    const [stdout = "", stderr = ""] = await Promise.all(reading);
    const end = await container.ended;
    return {
      ...end,
      piped: { stdout, stderr },
      written: (await readFile(join(folder, "exitCode.txt"), "utf8")).trim(),
    };
  });
}

describe("on the platform", () => {
  test.each(["pods", "containers"] as const)("of %s: a read, and one with its state", async (wrapper) => {
    const config = configOf(simulator);
    const first = await replicate({ config }, wrapper);
    // A tool that the image lacks would be told on the shell's own stderr.
    const { written, piped, exitCode, stdout, stderr } = first;
    expect({ written, piped: piped.stderr, exitCode, stdout, stderr }).toEqual({
      written: "0",
      piped: "",
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
    const messages = parseMessages(first.piped.stdout);
    expectTruth(messages, simulator);

    const second = await replicate({ config, state: lastStates(messages) }, wrapper);
    expect(second.written).toBe("0");
    expect(messagesOf(parseMessages(second.piped.stdout), "RECORD")).toEqual([]);
  });

  test("a read that fails: exit status 1, and the reason in a message and not in a stack trace", async () => {
    const failed = await replicate({ config: configOf(simulator, { api_token: "some-other-token-0815" }) });
    expect(failed.written).toBe("1");
    expect(errorsOf(parseMessages(failed.piped.stdout)).map(({ failure_type: type }) => type)).toEqual([
      "config_error",
      "config_error",
      "config_error",
    ]);
    expect(failed.piped.stderr).toBe("");
  });

  test.each(["spec", "check", "discover"])("%s, with its output in a file", async (command) => {
    await withSharedFolder({ "connectorConfig.json": configOf(simulator) }, async (folder) => {
      const flags = command === "spec" ? "" : "--config /config/connectorConfig.json";
      const script = `(eval "$AIRBYTE_ENTRYPOINT ${command} ${flags}" > /config/jobOutput.json); echo $? > /config/exitCode.txt`;
      const { stderr } = await startOnPlatform("/config", folder, script).ended;
      expect(stderr).toBe("");
      expect((await readFile(join(folder, "exitCode.txt"), "utf8")).trim()).toBe("0");
      const messages = parseMessages(await readFile(join(folder, "jobOutput.json"), "utf8"));
      expect(messages.map(({ type }) => type)).toEqual([
        { spec: "SPEC", check: "CONNECTION_STATUS", discover: "CATALOG" }[command],
      ]);
    });
  });

  test("the platform's TERMINATED marker ends a read whose answers stall", async () => {
    await withSimulator({ ...FIXED_ACCOUNT, faults: { decide: () => "stall" } }, async (slow) => {
      const stopped = await replicate({ config: configOf(slow) }, "pods", async (folder) => {
        await until(() => slow.requests.length > 0);
        await writeFile(join(folder, "TERMINATED"), "");
      });
      expect(stopped.written).toBe("143");
    });
  });
});

describe("in a container", () => {
  test("SIGTERM ends the first process of a container promptly, with what is finished in a STATE", async () => {
    // So slow that the signal finds a body under way.
    await withSimulator({ ...FIXED_ACCOUNT, bytesPerSecond: 20_000 }, (slow) =>
      withSharedFolder(
        { "config.json": configOf(slow, { num_workers: 1 }), "catalog.json": configuredCatalog() },
        async (folder) => {
          const name = `source-dixa-${process.pid}`;
          const options = [
            ...PLATFORM_OPTIONS,
            "--name",
            name,
            "--volume",
            `${folder}:/data`,
            CONNECTOR_IMAGE,
          ];
          const container = startContainer([
            ...options,
            "read",
            "--config",
            "/data/config.json",
            "--catalog",
            "/data/catalog.json",
          ]);
          await until(() => slow.requests.length >= 6);
          execFileSync("docker", ["kill", "--signal", "TERM", name]);
          const { exitCode, stdout, stderr } = await container.ended;
          // 137 would be a kill; no container runtime has waited for it.
          expect({ exitCode, stderr }).toEqual({ exitCode: 143, stderr: "" });
          const messages = parseMessages(stdout);
          expect(messagesOf(messages, "STATE").length).toBeGreaterThanOrEqual(STREAMS.length);
          expect(messages.at(-1)?.type).toBe("LOG");
        },
      ),
    );
  });

  test("a reader that goes away ends the read without a word", async () => {
    await withSharedFolder(
      { "config.json": configOf(simulator), "catalog.json": configuredCatalog() },
      async (folder) => {
        const script = `($AIRBYTE_ENTRYPOINT read --config /data/config.json --catalog /data/catalog.json; echo $? > /data/exitCode.txt) | head -c 100 > /data/head.txt`;
        const { stderr } = await startOnPlatform("/data", folder, script).ended;
        expect(stderr).toBe("");
        expect((await readFile(join(folder, "exitCode.txt"), "utf8")).trim()).toBe("1");
      },
    );
  });

  test("any user and a root file system that can't be written will do", async () => {
    await withSharedFolder(
      { "config.json": configOf(simulator), "catalog.json": configuredCatalog() },
      async (folder) => {
        const options = [
          "--network",
          "host",
          "--user",
          "1234567:0",
          "--read-only",
          "--cap-drop",
          "ALL",
          "--volume",
          `${folder}:/data:ro`,
        ];
        const run = ["read", "--config", "/data/config.json", "--catalog", "/data/catalog.json"];
        const { exitCode, stdout } = await startContainer([...options, CONNECTOR_IMAGE, ...run]).ended;
        expect(exitCode).toBe(0);
        expectTruth(parseMessages(stdout), simulator);
      },
    );
  });

  test("a window of 200 MB passes through a container of 128 MiB", async () => {
    const large = { ...FIXED_ACCOUNT, conversations: 20_000, messages: 0, activityLogs: 0, textBytes: 8000 };
    await withSimulator(large, (much) =>
      withSharedFolder(
        {
          "config.json": configOf(much, { batch_size: 31 }),
          "catalog.json": configuredCatalog(["conversations"]),
        },
        async (folder) => {
          const memory = ["--memory", "128m", "--memory-swap", "128m"];
          const options = [
            ...PLATFORM_OPTIONS,
            ...memory,
            "--volume",
            `${folder}:/data`,
            "--entrypoint",
            "sh",
            CONNECTOR_IMAGE,
          ];
          const script =
            "$AIRBYTE_ENTRYPOINT read --config /data/config.json --catalog /data/catalog.json > /data/out.jsonl";
          const { exitCode } = await startContainer([...options, "-c", script]).ended;
          expect(exitCode).toBe(0);
          const messages = parseMessages(await readFile(join(folder, "out.jsonl"), "utf8"));
          expect(rowsOf(messages, "conversations")).toHaveLength(20_000);
          expect(messagesOf(messages, "LOG").filter(({ log }) => log.level === "WARN")).toEqual([]);
        },
      ),
    );
  });
});

describe("the image", () => {
  test("leaves half of the container's memory to the heap, however small it is", () => {
    const script =
      '$(echo "$AIRBYTE_ENTRYPOINT" | sed "s, [^ ]*$,,") -p "require(\'v8\').getHeapStatistics().heap_size_limit / 2 ** 20"';
    const heap = (memory: string) => Number(inside(CONNECTOR_IMAGE, script, ["--memory", memory]));
    expect(heap("128m")).toBeLessThanOrEqual(80);
    expect(heap("512m")).toBeGreaterThanOrEqual(256);
    expect(heap("512m")).toBeLessThanOrEqual(300);
  });
});

async function withSimulator<T>(
  options: DixaSimulatorOptions,
  use: (own: DixaSimulator) => Promise<T>,
): Promise<T> {
  const own = await startDixaSimulator({ ...options, span: SPAN });
  try {
    return await use(own);
  } finally {
    await own.close();
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}
