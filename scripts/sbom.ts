import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";

import { build } from "esbuild";

import { bundling, PROGRAM_NAMES, type ProgramName, readManifest } from "./programs.ts";

/**
 * Writes dist/<program>.cdx.json: what is in each program's file, in CycloneDX's form. npm says from package-lock.json
 * what each package is, and esbuild which of them went in, for most of what is installed doesn't. The last component is
 * the Node.js that runs this: in the image's build, that of the image.
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

interface LockFile {
  packages: Readonly<Record<string, { version: string; dev?: boolean }>>;
}

/**
 * `name@version` of the packages of which something is in the program's file.
 * @throws Error if one of them is a tool by package.json
 */
async function bundledIn(program: ProgramName, { packages }: LockFile): Promise<Set<string>> {
  const { metafile } = await build({
    ...bundling(program, await readManifest()),
    write: false,
    metafile: true,
  });
  const paths = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
  );
  const refs = paths.flatMap((path) => {
    const [, folder = "", name = ""] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path) ?? [];
    if (folder === "") return [];
    const locked = packages[folder];
    if (locked === undefined || locked.dev === true) {
      throw new Error(`${program} holds something of ${folder}, which is not among the dependencies.`);
    }
    return [`${name}@${locked.version}`];
  });
  return new Set(refs);
}

const NODE: Component = {
  "bom-ref": `node@${process.versions.node}`,
  type: "platform",
  name: "node",
  version: process.versions.node,
  purl: `pkg:generic/node@${process.versions.node}`,
  licenses: [{ license: { id: "MIT" } }],
};

const lockFile = JSON.parse(await readFile("package-lock.json", "utf8")) as LockFile;
// All of the lock file: with --omit=dev, npm leaves out what both the programs and the tools need.
const whole = execFileSync("npm", ["sbom", "--sbom-format=cyclonedx", "--package-lock-only"], {
  encoding: "utf8",
  maxBuffer: 2 ** 26,
});

for (const program of PROGRAM_NAMES) {
  const bom = JSON.parse(whole) as Bom;
  const bundled = await bundledIn(program, lockFile);
  const packages = bom.components
    .filter((component) => bundled.delete(component["bom-ref"]))
    // Of a package that tools need too, npm says what holds for the tools.
    .map((component) => ({ ...component, scope: "required", properties: [] }));
  if (bundled.size > 0) throw new Error(`npm sbom doesn't know ${[...bundled].join(", ")}.`);
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
}
