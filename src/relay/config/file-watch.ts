import { stat } from "node:fs/promises";

import { codeOf } from "./file-fault.ts";

type States = ReadonlyMap<string, string>;

/**
 * Notices that files have changed, by looking at them: that works on every kind of mount, and where files are exchanged
 * by renaming them or by turning a link, as Kubernetes does.
 */
export class FileWatch {
  #taken: States = new Map();
  #seen: string | undefined;

  /** Takes the files as they are now for known. To be called before they are read, lest a change be missed. */
  async take(files: readonly string[]): Promise<void> {
    this.#taken = await statesOf(files);
    this.#seen = undefined;
  }

  /** Watches these from now on. Those that were watched before are known as they were taken. */
  async turnTo(files: readonly string[]): Promise<void> {
    const fresh = await statesOf(files.filter((file) => !this.#taken.has(file)));
    this.#taken = new Map(
      files.map((file) => [file, this.#taken.get(file) ?? fresh.get(file) ?? ""] as const),
    );
  }

  /** Whether they have changed, and look the same for the second time: nobody is in the middle of writing them. */
  async hasSettledChange(): Promise<boolean> {
    const states = await statesOf([...this.#taken.keys()]);
    const seen = JSON.stringify([...states]);
    const isSettled =
      [...states].some(([file, state]) => state !== this.#taken.get(file)) && seen === this.#seen;
    this.#seen = seen;
    return isSettled;
  }
}

/** What tells one state of each file from another. */
async function statesOf(files: readonly string[]): Promise<States> {
  const states = await Promise.all(
    files.map(async (file) => {
      try {
        const { dev, ino, size, mtimeMs, ctimeMs } = await stat(file);
        return [file, [dev, ino, size, mtimeMs, ctimeMs].join(" ")] as const;
      } catch (error) {
        return [file, codeOf(error)] as const;
      }
    }),
  );
  return new Map(states);
}
