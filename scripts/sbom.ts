import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type BundledPackage, bundledPackages } from "./bundled.ts";
import { PROGRAM_NAMES } from "./programs.ts";

/**
 * Writes dist/<program>.cdx.json: what is in each program's file, in CycloneDX's form. npm says from package-lock.json
 * what each package is, and esbuild which of them went in. The last component is the Node.js that runs this: in the
 * image's build, that of the image. Beside it comes dist/<program>.licenses.txt, since most licences want their text to
 * go wherever the code goes.
 */

interface Component {
  "bom-ref": string;
  name: string;
  version: string;
  type: string;
  purl: string;
  scope?: string;
  properties?: readonly unknown[];
  licenses: readonly unknown[];
}

interface Bom {
  serialNumber?: string;
  metadata: { timestamp?: string; component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const NODE: Component = {
  "bom-ref": `node@${process.versions.node}`,
  type: "platform",
  name: "node",
  version: process.versions.node,
  purl: `pkg:generic/node@${process.versions.node}`,
  licenses: [{ license: { id: "MIT" } }],
};

/** The licence of a package as it came with it; where it came without a text, what its manifest says. */
async function noticeOf({ name, version, folder }: BundledPackage): Promise<string> {
  const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const { license, author } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    license?: string;
    author?: string | { name: string };
  };
  const by = typeof author === "object" ? author.name : author;
  const short = `Licence: ${license ?? "not said"}${by === undefined ? "" : `, by ${by}`}\n`;
  return [`${name} ${version}\n`, ...(texts.length === 0 ? [short] : texts)].join("\n");
}

// All of the lock file: with --omit=dev, npm leaves out what both the programs and the tools need.
const whole = execFileSync("npm", ["sbom", "--sbom-format=cyclonedx", "--package-lock-only"], {
  encoding: "utf8",
  maxBuffer: 2 ** 26,
});

for (const program of PROGRAM_NAMES) {
  const bom = JSON.parse(whole) as Bom;
  const bundled = await bundledPackages(program);
  const wanted = new Set(bundled.map(({ name, version }) => `${name}@${version}`));
  const packages = bom.components
    .filter((component) => wanted.delete(component["bom-ref"]))
    // Of a package that tools need too, npm says what holds for the tools.
    .map((component) => ({ ...component, scope: "required", properties: [] }));
  if (wanted.size > 0) throw new Error(`npm sbom doesn't know ${[...wanted].join(", ")}.`);
  // The same packages are to make the same file.
  delete bom.serialNumber;
  delete bom.metadata.timestamp;
  const { component: self } = bom.metadata;
  Object.assign(self, { type: "application", name: program });
  bom.components = [...packages, NODE];
  const refs = new Set([self, ...bom.components].map((component) => component["bom-ref"]));
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  await writeFile(`dist/${program}.cdx.json`, JSON.stringify(bom, null, 2) + "\n");
  const notices = await Promise.all(bundled.map(noticeOf));
  await writeFile(`dist/${program}.licenses.txt`, notices.join(`\n${"-".repeat(80)}\n`));
}
