import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { codeOf, reasonOf } from "../config/file-fault.ts";
import { CommandError } from "./command-error.ts";

/** More than two are only needed while several subscriptions are exchanged at once. */
const MOST_SECRETS = 5;

/**
 * Puts a webhook's secret first into a file that only its owner can read. Older ones stay behind it, so deliveries
 * that are still signed with them count.
 *
 * @returns whether the file has changed
 * @throws CommandError
 */
export async function addSecret(path: string, secret: string): Promise<boolean> {
  try {
    const known = await secretsIn(path);
    if (known.includes(secret)) return false;
    const lines = [secret, ...known].slice(0, MOST_SECRETS);
    const draft = join(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(`${lines.join("\n")}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      // A reader sees the old file or the new one, never half of one.
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    return true;
  } catch (error) {
    throw new CommandError(
      `The secret can't be written to ${path}: ${reasonOf(error)}. Name another file after --secret-file.`,
      { cause: error },
    );
  }
}

async function secretsIn(path: string): Promise<string[]> {
  try {
    const text = await readFile(path, "utf8");
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}
