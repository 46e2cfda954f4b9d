import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { type Store } from "../../../src/relay/store/store.ts";
import { webhookEvent } from "./events.ts";

export interface Life {
  readonly acknowledged: string[];
  /** Resolves when it has acknowledged this many. */
  reaches(count: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts the program that accepts events until it is killed. */
export function startLife(location: string, name: string): Life {
  const program = fileURLToPath(new URL("accept-forever.ts", import.meta.url));
  const child = spawn(process.execPath, [program, location, name], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const acknowledged: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    acknowledged.push(...lines.filter((line) => line !== "refused"));
    for (const { count, resolve } of waiting) if (acknowledged.length >= count) resolve();
  });
  return {
    acknowledged,
    reaches: async (count) => {
      if (acknowledged.length >= count) return;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      waiting.push({
        count,
        resolve: () => {
          resolve(undefined);
        },
      });
      const died = closed.then(() => {
        throw new Error("the program ended by itself");
      });
      await Promise.race([promise, died]);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Those of the ids that the store doesn't know. They are in it afterwards. */
export async function missingFrom(store: Store, ids: readonly string[]): Promise<string[]> {
  const answers = await store.accept(ids.map((id) => webhookEvent("a", id)));
  return ids.filter((_, index) => answers[index] === "new");
}
