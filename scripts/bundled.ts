import { readFile } from "node:fs/promises";

import { build } from "esbuild";

import { bundling, type ProgramName, readManifest } from "./programs.ts";

/** A package of which something is in a program's file. */
export interface BundledPackage {
  name: string;
  version: string;
  /** Where it lies, from the project's folder. */
  folder: string;
}

interface LockFile {
  packages: Readonly<Record<string, { version: string; dev?: boolean }>>;
}

/**
 * The packages that went into a program's file, sorted; most of what is installed did not. One that is needed in one
 * version by several others may lie in several folders, and comes once.
 *
 * @throws Error if one of them is a tool by package-lock.json, and so nothing that programs may rest on
 */
export async function bundledPackages(program: ProgramName): Promise<BundledPackage[]> {
  const { packages } = JSON.parse(await readFile("package-lock.json", "utf8")) as LockFile;
  const { metafile } = await build({
    ...bundling(program, await readManifest()),
    write: false,
    metafile: true,
  });
  const paths = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
  );
  const found = new Map<string, BundledPackage>();
  for (const path of paths.sort()) {
    const [, folder = "", name = ""] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path) ?? [];
    if (folder === "") continue;
    const locked = packages[folder];
    if (locked === undefined || locked.dev === true) {
      throw new Error(`${program} holds something of ${folder}, which is not among the dependencies.`);
    }
    const { version } = locked;
    found.set(`${name}@${version}`, { name, version, folder });
  }
  return Array.from(found.values());
}
