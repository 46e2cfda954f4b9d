import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

import { startPostgres } from "../integration_tests/postgres/server.ts";
import { type BenchOptions } from "./options.ts";
import { loadAverage, Report } from "./report.ts";
import { Installation, type Size } from "./scale/installation.ts";
import { type Figures, measureInstallation } from "./scale/measure.ts";
import { tableOf } from "./scale/table.ts";

const SIZES: readonly Size[] = [
  { credentials: 10, connectionsEach: 3 },
  { credentials: 1000, connectionsEach: 10 },
];

/** A small installation beside a large one, with both stores, in one run of some five minutes. */
export async function benchScale({ stores, sizes }: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dixa-relay-scale-"));
  const report = await Report.open("scale");
  const measured = new Map<string, Figures>();
  const measure = async (name: string, size: Size, store: string) => {
    const startedAt = performance.now();
    const installation = await Installation.start(store, size, folder);
    try {
      measured.set(`${name}, ${nameOf(size)}`, await measureInstallation(installation));
    } finally {
      await installation.stop();
    }
    report.say(
      `${name}, ${nameOf(size)}: measured in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ` +
        `load average ${loadAverage()}`,
    );
  };
  const wanted = SIZES.filter((_, index) => sizes.includes(index === 0 ? "small" : "large"));
  report.say(`The cost of size; ${availableParallelism()} CPUs, load average ${loadAverage()} before`);
  try {
    if (stores.includes("sqlite")) {
      for (const size of wanted) await measure("SQLite", size, join(folder, `${size.credentials}.db`));
    }
    if (stores.includes("postgres")) {
      const postgres = await startPostgres();
      try {
        for (const size of wanted) await measure("PostgreSQL", size, await postgres.createDatabase());
      } finally {
        await postgres.stop();
      }
    }
  } finally {
    await rm(folder, { recursive: true });
    // What has been measured is told even when something fails.
    if (measured.size > 0) report.say(`\n${tableOf(measured)}`);
    await report.close();
  }
}

function nameOf({ credentials, connectionsEach }: Size): string {
  return `${credentials.toLocaleString("en")} × ${connectionsEach}`;
}
