import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { VERSION } from "../../src/version.ts";
import { CONFIG, FIXED_ACCOUNT } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { messagesOf } from "../support/messages.ts";
import { deliverTo, LISTENING, relayEnvironment } from "../support/relay-environment.ts";
import { configuredCatalog, parseMessages } from "../support/sync-run.ts";
import { expectTruth } from "../support/truth.ts";

const FILES = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "dist/dixa-relay.cdx.json",
  "dist/dixa-relay.js",
  "dist/dixa-relay.licenses.txt",
  "dist/source-dixa.cdx.json",
  "dist/source-dixa.js",
  "dist/source-dixa.licenses.txt",
  // Pictures too; what the repository has, and nothing that merely lies about.
  ...execFileSync("git", ["ls-files", "docs"], { encoding: "utf8" }).trim().split("\n"),
  "icon.svg",
  "metadata.yaml",
  "package.json",
  "relay.example.yaml",
];

/** The folders where the machine looks for programs, without those of this project. */
const MACHINE_PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);
/** Without what npm tells the scripts that it runs, which other npms would take for their own settings. */
const machine = Object.fromEntries<string | undefined>([
  ...Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")),
  ["PATH", MACHINE_PATH],
]);
/** With the Node of this project first. */
const current = { ...machine, PATH: `${dirname(process.execPath)}${delimiter}${MACHINE_PATH}` };

const run = promisify(execFile);

let folder: string;
let packed: string[];
let simulator: DixaSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "package-"));
  const options = { encoding: "utf8", env: current, stdio: "pipe" } as const;
  execFileSync("npm", ["pack", "--pack-destination", folder], options);
  const tarball = `source-dixa-${VERSION}.tgz`;
  packed = execFileSync("tar", ["-tzf", tarball], { ...options, cwd: folder })
    .trim()
    .split("\n");
  await writeFile(join(folder, "package.json"), "{}");
  const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`];
  execFileSync("npm", install, { ...options, env: machine, cwd: folder });
  simulator = await startDixaSimulator(FIXED_ACCOUNT);
  const urls = { exports_url: simulator.exportsUrl, api_url: simulator.apiUrl };
  await writeFile(join(folder, "config.json"), JSON.stringify({ ...CONFIG, ...urls }));
  await writeFile(join(folder, "catalog.json"), JSON.stringify(configuredCatalog()));
}, 180_000);

afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

const program = (name: string) => join(folder, "node_modules/.bin", name);

async function source(...args: string[]) {
  const { stdout, stderr } = await run(program("source-dixa"), args, {
    cwd: folder,
    env: current,
    maxBuffer: 2 ** 26,
  });
  expect(stderr).toBe("");
  return parseMessages(stdout);
}

test("the package holds what is meant to be in it, and nothing else", () => {
  expect(packed.map((path) => path.replace(/^package\//, "")).sort()).toEqual([...FILES].sort());
});

test("its programs refer to no source map and to no folder of the machine that made them", async () => {
  for (const name of ["source-dixa", "dixa-relay"]) {
    const text = await readFile(join(folder, `node_modules/source-dixa/dist/${name}.js`), "utf8");
    expect(text).not.toContain("sourceMappingURL");
    expect(text).not.toContain(process.cwd());
  }
});

test.each(["source-dixa", "dixa-relay"])(
  "%s runs on the machine's own Node or says what it needs",
  async (name) => {
    const { stdout: version } = await run("node", ["--version"], { env: machine });
    const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
    const isNewEnough = major > 24 || (major === 24 && minor >= 18);
    const end = run(program(name), ["--version"], { env: machine });
    const needs = `${name} needs Node.js 24.18 or newer, and this is ${version.trim().slice(1)}.\n`;
    await (isNewEnough
      ? expect(end).resolves.toEqual({ stdout: `${VERSION}\n`, stderr: "" })
      : expect(end).rejects.toMatchObject({ code: 1, stdout: "", stderr: needs }));
  },
);

describe("source-dixa", () => {
  test("spec, check and discover", async () => {
    expect((await source("spec")).map(({ type }) => type)).toEqual(["SPEC"]);
    const [checked] = messagesOf(await source("check", "--config", "config.json"), "CONNECTION_STATUS");
    expect(checked?.connectionStatus).toEqual({ status: "SUCCEEDED" });
    expect((await source("discover", "--config", "config.json")).map(({ type }) => type)).toEqual([
      "CATALOG",
    ]);
  });

  test("a read", async () => {
    expectTruth(await source("read", "--config", "config.json", "--catalog", "catalog.json"), simulator);
  });
});

describe("dixa-relay", () => {
  test("takes a webhook, says that it is well, and ends when it is told to", async () => {
    const env = { ...current, ...relayEnvironment("127.0.0.1:0") };
    const relay: ChildProcess = spawn(program("dixa-relay"), ["serve"], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(relay, "close");
    try {
      const address = await addressOf(relay);
      expect(await deliverTo(address)).toBe(202);
      const health = await run(program("dixa-relay"), ["health", "--url", address], { env });
      expect(health).toEqual({ stdout: "ok\n", stderr: "" });
    } finally {
      relay.kill("SIGTERM");
    }
    expect(await ended).toEqual([0, null]);
  });
});

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const address = LISTENING.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("the relay ended before it listened");
}
