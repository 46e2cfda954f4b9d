import { chmod, rename } from "node:fs/promises";

import { build } from "esbuild";

import { bundling, PROGRAM_NAMES, readManifest } from "./programs.ts";

const manifest = await readManifest();
for (const name of PROGRAM_NAMES) {
  const outfile = `dist/.${name}.${process.pid}.js`;
  await build({ ...bundling(name, manifest), outfile });
  await chmod(outfile, 0o755);
  // Tests may be running the one that is there.
  await rename(outfile, `dist/${name}.js`);
}
