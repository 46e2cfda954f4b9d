import { chmod, rm } from "node:fs/promises";

import { build } from "esbuild";

/** Each program becomes one file, so that the image needs no node_modules and starts fast. */
const programs = { "source-dixa": "src/connector.ts", "dixa-relay": "src/relay.ts" };

await rm("dist", { recursive: true, force: true });
for (const [name, entry] of Object.entries(programs)) {
  const outfile = `dist/${name}.js`;
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
    banner: {
      // Some dependencies are CommonJS and call require for built-in modules.
      js: `import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);`,
    },
  });
  await chmod(outfile, 0o755);
}
