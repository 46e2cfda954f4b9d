import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { type BuildOptions, type Plugin } from "esbuild";

/** What package.json says of the whole. */
interface Manifest {
  version: string;
  engines: { node: string };
}

export async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile("package.json", "utf8")) as Manifest;
}

/** Each program becomes one file, so that the image needs no node_modules and starts fast. */
export const PROGRAMS = { "source-dixa": "src/connector.ts", "dixa-relay": "src/relay.ts" } as const;

export type ProgramName = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as ProgramName[];

/**
 * The first code that runs. An older Node would end somewhere in the middle, with lines of minified code; npm only
 * warns. So this is written as the oldest Node with modules understands it.
 */
function versionGuard(program: ProgramName, needed: string): string {
  const [major, minor] = needed.split(".");
  return `const [__major, __minor] = process.versions.node.split(".").map(Number);
if (__major < ${major} || (__major === ${major} && __minor < ${minor})) {
  process.stderr.write("${program} needs Node.js ${needed} or newer, and this is " + process.versions.node + ".\\n");
  process.exit(1);
}`;
}

/**
 * Modules of Node that are asked for when the code runs. An import of `node:sqlite`, which an older Node has not, would
 * fail before the first code runs; one of `node:http` reads all that the module exports, and so loads the WebSocket and
 * fetch that stand there too: a sixth of the start-up.
 */
const lateModules: Plugin = {
  name: "late modules",
  setup: (building) => {
    building.onResolve({ filter: /^(node:sqlite|(node:)?http)$/ }, ({ path }) => ({
      path,
      namespace: "late",
    }));
    building.onLoad({ filter: /./, namespace: "late" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Of package.json, the version alone, so that another script there doesn't make another program. */
const versionOnly: Plugin = {
  name: "version only",
  setup: (building) => {
    building.onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
      if (path !== resolve("package.json")) return null;
      const { version } = await readManifest();
      return { contents: JSON.stringify({ version }), loader: "json" };
    });
  },
};

/**
 * How esbuild makes a program into its file.
 * @throws Error if package.json names the needed Node otherwise than `>=MAJOR.MINOR`
 */
export function bundling(program: ProgramName, { engines }: Manifest) {
  const needed = /^>=(\d+\.\d+)$/.exec(engines.node)?.[1];
  if (needed === undefined) throw new Error("engines.node of package.json must be written >=MAJOR.MINOR");
  return {
    entryPoints: [PROGRAMS[program]],
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // Names stay, for stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [lateModules, versionOnly],
    banner: {
      // Some dependencies are CommonJS and call require for built-in modules.
      js: `${versionGuard(program, needed)}
import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);`,
    },
  } satisfies BuildOptions;
}
