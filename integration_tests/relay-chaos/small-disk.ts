import { execFile, spawnSync } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const BLOCK = Buffer.alloc(4096, 1);

/** A file system in memory that is soon full. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, "ballast");
  }

  /**
   * @param folder is there, and empty
   * @throws Error when this process may not mount
   */
  static async mount(folder: string, kibibytes: number): Promise<SmallDisk> {
    try {
      await promisify(execFile)("mount", ["-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", folder]);
    } catch (error) {
      throw new Error(
        `a full disk can't be tested: mounting a tmpfs takes root's rights (${String(error)})`,
        {
          cause: error,
        },
      );
    }
    const disk = new SmallDisk(folder);
    process.once("exit", disk.#unmountNow);
    return disk;
  }

  /** Leaves no block free. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, "a");
    try {
      for (;;) await file.write(BLOCK);
    } catch (error) {
      // By its form: jest runs each file in its own realm.
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
      if (code !== "ENOSPC") throw error;
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(this.#ballast);
  }

  unmount(): void {
    process.off("exit", this.#unmountNow);
    this.#unmountNow();
  }

  readonly #unmountNow = (): void => {
    spawnSync("umount", ["--lazy", this.folder]);
  };
}
