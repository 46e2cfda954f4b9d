import { CLOCK_STEP } from "../coalescer/schedule.ts";
import { ascending } from "./credential-table.ts";
import { type Database } from "./database.ts";
import { type Beat } from "./owed.ts";

/** When a replica was last heard of, and how many outages there have been. */
export class BeatTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Notes that somebody listens, and counts one more outage if nobody has for longer than `bound` ms.
   *
   * @returns what {@link Beat} says, and the credentials that have not owed a sync yet for the last outage
   */
  async beat(bound: number): Promise<Pick<Beat, "gapMs"> & { debtors: string[] }> {
    return await this.#database.transaction(
      async (transaction) => {
        const { now } = transaction;
        const { forUpdate } = this.#database.dialect;
        const [row] = await transaction.all(`SELECT at FROM relay_beat ${forUpdate}`);
        const at = Number(row?.["at"] ?? 0);
        // Nobody knows how long ago that was, when the clock has been set back since.
        const isGap = at > 0 && (now - at > bound || at > now + CLOCK_STEP);
        const count = isGap ? ", outage = outage + 1" : "";
        await transaction.all(`UPDATE relay_beat SET at = $1${count}`, [ascending(now, at)]);
        const debtors = await transaction.all(
          "SELECT credential_id FROM relay_credential WHERE outage < (SELECT outage FROM relay_beat)",
        );
        return {
          gapMs: isGap ? Math.max(0, now - at) : undefined,
          debtors: debtors.map(({ credential_id: id }) => String(id)).sort(),
        };
      },
      { isRepeatable: true },
    );
  }
}
