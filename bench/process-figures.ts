import { readdir, readFile } from "node:fs/promises";

/** Time that a process has computed so far, all its threads together, as Linux counts it, ms. */
async function cpuMs(pid: number): Promise<number> {
  const folder = `/proc/${pid}/task`;
  const threads = await Promise.all(
    (await readdir(folder)).map(async (thread) => {
      // A thread may have ended since it was listed.
      const text = await readFile(`${folder}/${thread}/schedstat`, "utf8").catch(() => "0");
      return Number(text.split(" ", 1)[0]) / 1e6;
    }),
  );
  return threads.reduce((sum, ms) => sum + ms, 0);
}

/** What the process computes while something goes on, ms in all, and ms a second. */
export async function cpuDuring<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; ms: number; msPerSecond: number }> {
  const startedAt = performance.now();
  const before = await cpuMs(pid);
  const result = await work();
  const ms = (await cpuMs(pid)) - before;
  return { result, ms, msPerSecond: ms / ((performance.now() - startedAt) / 1000) };
}

export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
