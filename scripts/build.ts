import { chmod, readFile, rename } from "node:fs/promises";

import { build, type Plugin } from "esbuild";

/** Each program becomes one file, so that the image needs no node_modules and starts fast. */
const programs = { "source-dixa": "src/connector.ts", "dixa-relay": "src/relay.ts" };

/**
 * The first code that runs. An older Node would end somewhere in the middle, with lines of minified code; npm only
 * warns. So this is written as the oldest Node with modules understands it.
 */
function versionGuard(program: string, needed: string): string {
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

const manifest = JSON.parse(await readFile("package.json", "utf8")) as { engines: { node: string } };
const needed = /^>=(\d+\.\d+)$/.exec(manifest.engines.node)?.[1];
if (needed === undefined) throw new Error("engines.node of package.json must be written >=MAJOR.MINOR");

for (const [name, entry] of Object.entries(programs)) {
  const outfile = `dist/.${name}.${process.pid}.js`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // Names stay, for stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    plugins: [lateModules],
    banner: {
      // Some dependencies are CommonJS and call require for built-in modules.
      js: `${versionGuard(name, needed)}
import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);`,
    },
  });
  await chmod(outfile, 0o755);
  // Tests may be running the one that is there.
  await rename(outfile, `dist/${name}.js`);
}
