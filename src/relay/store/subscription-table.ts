import { CLOCK_STEP } from "../coalescer/schedule.ts";
import { type Database } from "./database.ts";
import { type OwedReason, type OwedSync } from "./owed.ts";
import { type OwedSyncs } from "./owed-syncs.ts";
import { subscriptionRow } from "./rows.ts";
import { type SubscriptionReport, type SubscriptionStatus } from "./subscription.ts";

type Known = ReturnType<typeof subscriptionRow.parse>;

/** What Dixa says of the webhooks that lead here, and the syncs that are owed for it. */
export class SubscriptionTable {
  readonly #database: Database;
  readonly #owed: OwedSyncs;

  constructor(database: Database, owed: OwedSyncs) {
    this.#database = database;
    this.#owed = owed;
  }

  async due(credentialIds: readonly string[], every: number): Promise<string[]> {
    const rows = await this.#database.transaction(
      (transaction) =>
        transaction.all(
          "SELECT credential_id FROM relay_subscription WHERE checked_at > $1 AND checked_at <= $2",
          [transaction.now - every, transaction.now + CLOCK_STEP],
        ),
      { isRepeatable: true },
    );
    const recent = new Set(rows.map(({ credential_id: id }) => String(id)));
    return credentialIds.filter((id) => !recent.has(id));
  }

  async report(
    credentialId: string,
    report: SubscriptionReport,
    agoMs: number,
  ): Promise<{ owed: OwedSync[]; status: SubscriptionStatus }> {
    return await this.#database.transaction(
      async (transaction) => {
        const { now } = transaction;
        const seenAt = Math.floor(now - agoMs);
        await transaction.all(
          `INSERT INTO relay_subscription (credential_id, state, since, checked_at) VALUES ($1, 'unknown', $2, 0)
           ON CONFLICT (credential_id) DO NOTHING`,
          [credentialId, seenAt],
        );
        const [row] = await transaction.all(
          `SELECT state, since, checked_at, failing, failed_at FROM relay_subscription
           WHERE credential_id = $1 ${this.#database.dialect.forUpdate}`,
          [credentialId],
        );
        const before = subscriptionRow.parse(row);
        // Another replica has looked since this one did.
        if (before.checked_at > seenAt && before.checked_at <= now + CLOCK_STEP) {
          return { owed: [], status: statusOf(before) };
        }
        const reason = owedFor(before, report);
        const after: Known = {
          state: report.state,
          since: before.state === report.state ? before.since : seenAt,
          checked_at: seenAt,
          failing: report.failing,
          failed_at: Math.max(before.failed_at ?? 0, report.failedAt ?? 0) || null,
        };
        await transaction.all(
          `UPDATE relay_subscription SET state = $2, since = $3, checked_at = $4, failing = $5, failed_at = $6
           WHERE credential_id = $1`,
          [credentialId, after.state, after.since, after.checked_at, after.failing, after.failed_at],
        );
        const owed =
          reason === undefined ? [] : await this.#owed.oweOne(transaction, credentialId, reason, seenAt);
        return { owed, status: statusOf(after) };
      },
      { isRepeatable: true },
    );
  }
}

/**
 * Whether something may have been missed that no sync is owed for yet: when a subscription is found switched off, for
 * what came before; when it is found on again, for what came meanwhile; and when Dixa tells of a delivery that failed
 * after the last one that it told of.
 */
function owedFor(before: Known, report: SubscriptionReport): OwedReason | undefined {
  const wasOn = before.state === "on" || before.state === "unknown";
  // A subscription that nobody has made yet has missed nothing.
  if (report.state === "missing" && before.state === "unknown") return undefined;
  if (report.wasOff || wasOn !== (report.state === "on")) return "switched_off";
  if (report.failing === null) return undefined;
  const isNew =
    report.failedAt === null ? before.failing === null : report.failedAt > (before.failed_at ?? -1);
  return isNew ? "deliveries" : undefined;
}

function statusOf({ state, since, failing }: Known): SubscriptionStatus {
  return { state: state === "unknown" ? "missing" : state, since, failing };
}
