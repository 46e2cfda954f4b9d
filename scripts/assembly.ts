import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Compiles assembly/ into the file of src/ that holds it, so that neither a build nor a test needs the compiler. With
 * `--check` it only says whether that file is what the source compiles to.
 */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TARGET = join(ROOT, "src/http/json-objects-module.ts");
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--initialMemory", "3", "--maximumMemory", "3"];

function compile(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "source-dixa-assembly-"));
  try {
    const outFile = join(folder, "module.wasm");
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    const args = ["assembly/json-objects.ts", "--outFile", outFile, ...OPTIONS, "--enable", "simd"];
    const { status, stderr } = spawnSync(process.execPath, [asc, ...args], { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) throw new Error(`the compiler failed: ${stderr}`);
    return readFileSync(outFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const text = `/** Made by \`npm run assembly\` from assembly/json-objects.ts: the WebAssembly module, in base64. */
export const JSON_OBJECTS_MODULE =
  "${compile().toString("base64")}";
`;
if (!process.argv.includes("--check")) {
  writeFileSync(TARGET, text);
} else if (readFileSync(TARGET, "utf8") !== text) {
  process.stderr.write(`${TARGET} is not what assembly/ compiles to: npm run assembly\n`);
  process.exitCode = 1;
}
