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
import { errorsOf, lastStates, messagesOf, rowsOf } from "../support/messages.ts";
import { configuredCatalog, parseMessages } from "../support/sync-run.ts";
import { expectTruth, STREAMS } from "../support/truth.ts";
import {
  type ContainerEnd,
  IMAGE,
  PLATFORM_OPTIONS,
  startContainer,
  startOnPlatform,
  withSharedFolder,
} from "./container.ts";
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

/** The platform's wrapper of a source: it runs AIRBYTE_ENTRYPOINT with named pipes, and watches for a marker. */
const REPLICATION = `
  (eval "$AIRBYTE_ENTRYPOINT read --config /source/connectorConfig.json --catalog /source/catalog.json $STATE" 2> stderr > stdout) &
  child=$!
  (while ! [ -f TERMINATED ]; do sleep 1; done; kill $child) &
  wait $child
  echo $? > exitCode.part
  mv exitCode.part exitCode.txt
  touch done`;

interface Replication extends ContainerEnd {
  /** What came through the pipes. */
  piped: { stdout: string; stderr: string };
  /** What the wrapper wrote down as the connector's exit status. */
  written: string;
}

/** One read as the platform runs it; `during` is called when it has begun. */
async function replicate(
  files: { config: unknown; catalog?: unknown; state?: unknown },
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
    const stateFlag = state === undefined ? "" : "--state /source/inputState.json";
    const container = startOnPlatform("/source", folder, REPLICATION.replace("$STATE", stateFlag));
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
  test("a read without a state and one with the state of the first", async () => {
    const config = configOf(simulator);
    const first = await replicate({ config });
    expect({ written: first.written, stderr: first.piped.stderr }).toEqual({ written: "0", stderr: "" });
    const messages = parseMessages(first.piped.stdout);
    expectTruth(messages, simulator);

    const second = await replicate({ config, state: lastStates(messages) });
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
      const stopped = await replicate({ config: configOf(slow) }, async (folder) => {
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
          const options = [...PLATFORM_OPTIONS, "--name", name, "--volume", `${folder}:/data`, IMAGE];
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
        const { exitCode, stdout } = await startContainer([...options, IMAGE, ...run]).ended;
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
            IMAGE,
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
  const inside = (script: string) =>
    execFileSync("docker", ["run", "--rm", "--network", "none", "--entrypoint", "sh", IMAGE, "-c", script], {
      encoding: "utf8",
    }).trim();

  test("runs as user 1000, and holds nothing but the program", () => {
    expect(inside("id -u; id -g")).toBe("1000\n1000");
    expect(inside("find /airbyte /build -type f 2> /dev/null; true")).toBe("/airbyte/source-dixa.mjs");
  });

  test("has what the platform's script calls", () => {
    expect(
      inside("for tool in sh sleep mv kill touch; do command -v $tool > /dev/null || echo $tool; done"),
    ).toBe("");
  });

  test("leaves half of the container's memory to the heap, however small it is", () => {
    const heap = (memory: string) => {
      const options = ["run", "--rm", "--network", "none", "--memory", memory, "--entrypoint", "sh", IMAGE];
      const script =
        '$(echo "$AIRBYTE_ENTRYPOINT" | sed "s, [^ ]*$,,") -p "require(\'v8\').getHeapStatistics().heap_size_limit / 2 ** 20"';
      return Number(execFileSync("docker", [...options, "-c", script], { encoding: "utf8" }));
    };
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
