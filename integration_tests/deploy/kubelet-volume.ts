import { chmod, chown, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface VolumeOptions {
  /** Of the files. Default 0644. */
  mode?: number;
  /** Group of the files, as of a pod's fsGroup. */
  group?: number | undefined;
}

/**
 * A volume of a ConfigMap or Secret as a kubelet keeps it: the files lie in a folder named by the time, `..data` is a link to
 * it, and each file a link through that. A change is a new folder, and the link turned by a rename: all at once.
 */
export class KubeletVolume {
  readonly folder: string;
  readonly #options: VolumeOptions;
  #generation = 0;

  private constructor(folder: string, options: VolumeOptions) {
    this.folder = folder;
    this.#options = options;
  }

  static async create(
    folder: string,
    files: Readonly<Record<string, string>>,
    options: VolumeOptions = {},
  ): Promise<KubeletVolume> {
    await mkdir(folder);
    // Whatever the umask.
    await chmod(folder, 0o755);
    const volume = new KubeletVolume(folder, options);
    await volume.update(files);
    for (const name of Object.keys(files)) await symlink(join("..data", name), join(folder, name));
    return volume;
  }

  async update(files: Readonly<Record<string, string>>): Promise<void> {
    const { mode = 0o644, group } = this.#options;
    const fresh = `..2026_01_01_00_00_00.${++this.#generation}`;
    await mkdir(join(this.folder, fresh));
    await chmod(join(this.folder, fresh), 0o755);
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, fresh, name);
      await writeFile(path, content);
      if (group !== undefined) await chown(path, 0, group);
      await chmod(path, mode);
    }
    await symlink(fresh, join(this.folder, "..data_tmp"));
    await rename(join(this.folder, "..data_tmp"), join(this.folder, "..data"));
    for (const entry of await readdir(this.folder)) {
      if (entry.startsWith("..2026") && entry !== fresh)
        await rm(join(this.folder, entry), { recursive: true });
    }
  }
}
