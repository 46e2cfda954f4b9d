import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { NODE_FLAGS } from "../support/node-flags.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/dixa-relay.js", import.meta.url));

/** A folder for PATH in which there is `dixa-relay`, as npm installs it. */
export async function commandFolder(parent: string): Promise<string> {
  const folder = join(parent, "bin");
  await mkdir(folder, { recursive: true });
  const program = join(folder, "dixa-relay");
  const words = [process.execPath, ...NODE_FLAGS, BUNDLE].map((word) => `"${word}"`);
  await writeFile(program, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  await chmod(program, 0o755);
  return folder;
}
