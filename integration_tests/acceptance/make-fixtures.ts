import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { format } from "prettier";

import { startDixaSimulator } from "../simulators/dixa/index.ts";
import { FIXED_ACCOUNT } from "./fixed-data.ts";
import { acceptanceFixtures } from "./fixtures.ts";

/**
 * Writes the configurations, catalogs, states and expected records that `acceptance-test-config.yml` names. With
 * `--check` it writes nothing and fails if a file is out of date.
 */
const isCheck = process.argv.includes("--check");
const simulator = await startDixaSimulator(FIXED_ACCOUNT);
try {
  for (const [name, content] of await acceptanceFixtures(simulator)) {
    const path = fileURLToPath(new URL(name, import.meta.url));
    const wanted = name.endsWith(".json")
      ? await format(content, { parser: "json", printWidth: 110 })
      : content;
    if (!isCheck) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, wanted);
    } else if ((await readFile(path, "utf8").catch(() => "")) !== wanted) {
      process.stderr.write(
        `integration_tests/acceptance/${name} is out of date: run "node integration_tests/acceptance/make-fixtures.ts" ` +
          "and look at the difference\n",
      );
      process.exitCode = 1;
    }
  }
} finally {
  await simulator.close();
}
