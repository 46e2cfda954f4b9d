import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = join("dist", "dixa-relay.js");

/** A relay of another revision. */
export interface OtherBuild {
  /** The file that Node runs. */
  readonly program: string;
  readonly remove: () => Promise<unknown>;
}

/**
 * Checks out another revision beside this one and builds it, with the packages that are installed here, so that nothing
 * but the relay differs.
 *
 * @param against a revision of git, or a file that was built before
 * @throws Error when there is no such revision, or it can't be built
 */
export async function otherBuild(against: string): Promise<OtherBuild> {
  const given = resolve(against);
  if (existsSync(given)) return { program: given, remove: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), "dixa-relay-before-"));
  const checkout = join(folder, "checkout");
  // Also when it is interrupted: a checkout that is left behind stays in git's list.
  const onExit = () => {
    spawnSync("git", ["worktree", "remove", "--force", checkout], { cwd: HERE });
  };
  const onSignal = () => process.exit(1);
  process.once("exit", onExit).once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const remove = async () => {
    process.off("exit", onExit).off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await run("git", ["worktree", "remove", "--force", checkout], { cwd: HERE }).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
    await run("git", ["worktree", "prune"], { cwd: HERE });
  };
  try {
    await run("git", ["worktree", "add", "--detach", checkout, against], { cwd: HERE });
    await symlink(join(HERE, "node_modules"), join(checkout, "node_modules"));
    await run(process.execPath, ["scripts/build.ts"], { cwd: checkout });
  } catch (error) {
    await remove();
    throw error;
  }
  return { program: join(checkout, PROGRAM), remove };
}
