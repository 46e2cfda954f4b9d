import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "@jest/globals";
import { parse } from "yaml";

import { documented } from "./documented.ts";

/** Examples that nothing here can start: each is checked as far as it goes. */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.8";

test("GitHub's workflow has nothing that actionlint finds, and runs a command that the package has", async () => {
  const folder = await mkdtemp(join(tmpdir(), "workflow-"));
  const workflow = await documented(".github/workflows/dixa.yml");
  const path = join(folder, "dixa.yml");
  await writeFile(path, workflow);
  const lint = () =>
    promisify(execFile)("go", ["run", ACTIONLINT, "-shellcheck=", "-pyflakes=", path], { cwd: ROOT });
  await lint();
  await writeFile(path, workflow.replace("runs-on", "run-on"));
  await expect(lint()).rejects.toThrow();
  await rm(folder, { recursive: true });

  const { name, bin } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    name: string;
    bin: Record<string, string>;
  };
  const [, named = "", command = ""] = /npx --yes --package (\S+) (\S+) sync/.exec(workflow) ?? [];
  expect(named).toBe(name);
  expect(bin).toHaveProperty(command);
}, 240_000);

test("the CronJob is the one of deploy/, which is held against Kubernetes' own types there", async () => {
  const example = await documented("sync-nightly.yaml");
  const deployed = await readFile(join(ROOT, "deploy/kubernetes/example/sync-nightly.yaml"), "utf8");
  expect(parse(example)).toEqual(parse(deployed));
});

test("cron's line has five fields, a user, and the script that is shown before it", async () => {
  const [line = ""] = (await documented("/etc/cron.d/dixa"))
    .split("\n")
    .filter((text) => !text.startsWith("#"));
  const [, user, command] = /^(?:[\d*/,-]+ +){5}(\w+) +(.+)$/.exec(line) ?? [];
  expect(user).toBe("pipeline");
  const script = command?.split(" ").at(-1) ?? "";
  expect(await documented(script)).toMatch(/^#!\/bin\/sh\n/);
});

test("Kestra's flow asks for a sync and looks at that very request", async () => {
  const flow = parse(await documented("kestra/dixa.yaml")) as {
    tasks: { id: string; uri?: string; condition?: string; tasks?: { id: string; uri: string }[] }[];
  };
  const [request, synced] = flow.tasks;
  expect(request?.uri).toMatch(/\/v1\/credentials\/[0-9a-f-]{36}\/sync$/);
  const [look] = synced?.tasks ?? [];
  expect(look?.uri).toBe(`${request?.uri ?? ""}/{{ json(outputs.${request?.id ?? ""}.body).seq }}`);
  expect(synced?.condition).toBe(`{{ outputs.${look?.id ?? ""}.code == 200 }}`);
});
