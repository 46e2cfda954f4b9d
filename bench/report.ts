import { type FileHandle, mkdir, open } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../bench-results/", import.meta.url));

/** What a benchmark has found, on stdout and in a file that the next run writes anew. */
export class Report {
  readonly #file: FileHandle;
  readonly #path: string;
  #written: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(name: string): Promise<Report> {
    await mkdir(FOLDER, { recursive: true });
    const path = join(FOLDER, `${name}.md`);
    return new Report(await open(path, "w"), path);
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`);
    this.#written = this.#written.then(() => this.#file.write(`${text}\n`));
  }

  async close(): Promise<void> {
    await this.#written;
    await this.#file.close();
    process.stdout.write(`\nwritten to ${this.#path}\n`);
  }
}

/** Of the last minute. */
export function loadAverage(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
