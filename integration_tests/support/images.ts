import { execFile, execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createGzip } from "node:zlib";

import { VERSION } from "../../src/version.ts";

/** The images under test: what the suites' commands have built, or what is named. */
export const CONNECTOR_IMAGE = process.env["SOURCE_DIXA_IMAGE"] ?? `source-dixa:${VERSION}`;
export const RELAY_IMAGE = process.env["DIXA_RELAY_IMAGE"] ?? `dixa-relay:${VERSION}`;

const run = promisify(execFile);

/** What a script prints, run by the image's own shell without a network. */
export function inside(image: string, script: string, options: readonly string[] = []): string {
  const args = ["run", "--rm", "--network", "none", ...options, "--entrypoint", "sh", image, "-c", script];
  return execFileSync("docker", args, { encoding: "utf8" }).trim();
}

/** What an image adds to its base: the layers' files, and their bytes as a registry keeps them. */
export interface Addition {
  /** The paths, without folders, in the order of the layers. */
  files: string[];
  /** Bytes after gzip at its usual level, 6, which registries are sent too. */
  compressedBytes: number;
}

/** @param base that the image was built from, of the same engine */
export async function additionOf(image: string, base: string): Promise<Addition> {
  const folder = await mkdtemp(join(tmpdir(), "image-"));
  try {
    await run("sh", ["-c", 'docker save "$0" | tar -xC "$1"', image, folder]);
    const manifests = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as {
      Layers: string[];
    }[];
    const inBase = layersOf(base).length;
    expectStart(layersOf(image), layersOf(base));
    const layers = (manifests[0]?.Layers ?? []).slice(inBase).map((layer) => join(folder, layer));
    const addition: Addition = { files: [], compressedBytes: 0 };
    for (const layer of layers) {
      const { stdout } = await run("tar", ["-tf", layer]);
      addition.files.push(...stdout.split("\n").filter((path) => path !== "" && !path.endsWith("/")));
      for await (const chunk of createReadStream(layer).pipe(createGzip())) {
        addition.compressedBytes += (chunk as Buffer).length;
      }
    }
    return addition;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The digests of an image's layers, the lowest first. */
function layersOf(image: string): string[] {
  const args = ["image", "inspect", "--format", "{{json .RootFS.Layers}}", image];
  return JSON.parse(execFileSync("docker", args, { encoding: "utf8" })) as string[];
}

function expectStart(layers: readonly string[], base: readonly string[]): void {
  if (base.some((digest, index) => layers[index] !== digest)) {
    throw new Error("The image doesn't stand on this base.");
  }
}
