import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { describe, expect, test } from "@jest/globals";
import { build } from "esbuild";

import { bundling, type ProgramName, readManifest } from "../../scripts/programs.ts";
import { VERSION } from "../../src/version.ts";
import { CONNECTOR_IMAGE, inside, RELAY_IMAGE } from "../support/images.ts";

interface Component {
  name: string;
  version: string;
  type: string;
  scope?: string;
  licenses: unknown[];
}

interface Bom {
  bomFormat: string;
  metadata: { component: { name: string; version: string } };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const IMAGES: [ProgramName, string, string][] = [
  ["source-dixa", CONNECTOR_IMAGE, "/airbyte"],
  ["dixa-relay", RELAY_IMAGE, "/relay"],
];

/** The packages whose files esbuild names in the comments that it puts before each, where it is let. */
async function packagesIn(program: ProgramName): Promise<string[]> {
  const options = { ...bundling(program, await readManifest()), minifyWhitespace: false, write: false };
  const { outputFiles } = await build(options);
  const text = outputFiles?.[0]?.text ?? "";
  const folders = Array.from(
    text.matchAll(/^ *\/\/ (.*node_modules\/(?:@[^/]+\/)?[^/]+)\/\S+$/gm),
    ([, folder = ""]) => folder,
  );
  const manifests = Array.from(new Set(folders), async (folder) => {
    const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8")) as Component;
    return `${name}@${version}`;
  });
  // One package may lie in several places.
  return Array.from(new Set(await Promise.all(manifests))).sort();
}

describe.each(IMAGES)("%s", (program, image, folder) => {
  test("the image's program is the one that `npm run build` makes", async () => {
    const [digest] = inside(image, `sha256sum ${folder}/${program}.mjs`).split(" ");
    const built = await readFile(`dist/${program}.js`);
    expect(digest).toBe(createHash("sha256").update(built).digest("hex"));
  });

  test("the bill of materials beside it lists what is in it, and the image's Node.js", async () => {
    const text = inside(image, `cat ${folder}/${program}.cdx.json`);
    const bom = JSON.parse(text) as Bom;
    expect(bom.bomFormat).toBe("CycloneDX");
    expect(bom.metadata.component).toMatchObject({ name: program, version: VERSION });
    const packages = bom.components.filter(({ type }) => type === "library");
    expect(packages.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(
      await packagesIn(program),
    );
    expect(packages.map(({ scope }) => scope)).toEqual(packages.map(() => "required"));
    expect(bom.components.filter(({ licenses }) => licenses.length === 0)).toEqual([]);
    const platforms = bom.components.filter(({ type }) => type === "platform");
    expect(platforms.map(({ name, version }) => `${name} v${version}`)).toEqual([
      `node ${inside(image, "node --version")}`,
    ]);
    const refs = new Set(bom.dependencies.map(({ ref }) => ref));
    expect(bom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual(
      [],
    );
    // Nothing of the machine that built it.
    expect(text.match(/\w+:\/\/[^"]+/g)).toEqual(["http://cyclonedx.org/schema/bom-1.5.schema.json"]);
  });

  test("the licences of all of that stand beside it", () => {
    const text = inside(image, `cat ${folder}/${program}.licenses.txt`);
    const bom = JSON.parse(inside(image, `cat ${folder}/${program}.cdx.json`)) as Bom;
    const packages = bom.components.filter(({ type }) => type === "library");
    const titles = packages.map(({ name, version }) => `${name} ${version}`).sort();
    const blocks = text.split(`\n${"-".repeat(80)}\n`);
    expect(blocks.map((block) => block.split("\n")[0] ?? "").sort()).toEqual(titles);
    expect(blocks.filter((block) => !/permi|licen[cs]e/i.test(block))).toEqual([]);
  });

  const labels = (name: string) =>
    JSON.parse(
      execFileSync("docker", ["image", "inspect", "--format", "{{json .Config.Labels}}", name], {
        encoding: "utf8",
      }),
    ) as Record<string, string>;
  const fixed = {
    "org.opencontainers.image.title": program,
    "org.opencontainers.image.version": VERSION,
    "org.opencontainers.image.licenses": "MIT",
    ...(program === "source-dixa" ? { "io.airbyte.name": program, "io.airbyte.version": VERSION } : {}),
  };

  test("labels say what it is, and where it comes from when the build is told", () => {
    expect(labels(image)).toMatchObject(fixed);
    const told = {
      source: "https://git.example.com/a/b",
      revision: "f".repeat(40),
      created: "2026-01-02T03:04:05Z",
    };
    const args = Object.entries(told).flatMap(([key, value]) => [
      "--build-arg",
      `${key.toUpperCase()}=${value}`,
    ]);
    const tag = `${program}-labels`;
    const target = ["--target", program === "source-dixa" ? "connector" : "relay"];
    execFileSync("docker", ["build", "--network", "host", ...target, ...args, "--tag", tag, "."], {
      stdio: "pipe",
    });
    try {
      expect(labels(tag)).toEqual({
        ...fixed,
        ...Object.fromEntries(
          Object.entries(told).map(([key, value]) => [`org.opencontainers.image.${key}`, value]),
        ),
      });
    } finally {
      execFileSync("docker", ["image", "rm", tag], { stdio: "ignore" });
    }
  }, 300_000);
});
