import { mkdir, readFile, writeFile } from "node:fs/promises";

import { format } from "prettier";

import { catalogMessage } from "../src/source/commands/discover.ts";
import { specMessage } from "../src/source/commands/spec.ts";

/**
 * Writes what `spec` and `discover` print to spec/golden, one readable file each, so that a change of the connector's
 * public face is seen in review. With `--check` it writes nothing and fails if a file is out of date.
 */
const files = { "spec.json": specMessage(), "catalog.json": catalogMessage() };
const isCheck = process.argv.includes("--check");
const folder = new URL("../spec/golden/", import.meta.url);

await mkdir(folder, { recursive: true });
for (const [name, message] of Object.entries(files)) {
  const file = new URL(name, folder);
  const wanted = await format(JSON.stringify(message), { parser: "json", printWidth: 110 });
  if (!isCheck) {
    await writeFile(file, wanted);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== wanted) {
    process.stderr.write(
      `spec/golden/${name} is out of date: run "npm run golden" and look at the difference\n`,
    );
    process.exitCode = 1;
  }
}
