import { type PhaseName } from "../coalescer/connection-state.ts";
import { type CredentialSummary } from "./credential.ts";
import { type Database } from "./database.ts";
import { phaseRow, summaryRow } from "./rows.ts";

type Row = ReturnType<typeof summaryRow.parse>;

const CREDENTIALS = `
  SELECT k.credential_id, k.seq, k.last_event_at, k.owed_seq, k.owed_at, k.owed_reason, s.state AS subscription_state,
    s.since AS subscription_since, s.failing AS subscription_failing
  FROM relay_credential k LEFT JOIN relay_subscription s ON s.credential_id = k.credential_id`;

/** In the order of the index that has all of it. What is none of the credential any more counts for nothing. */
const CONNECTIONS = `
  SELECT c.credential_id, c.phase, count(*) AS connections, count(*) FILTER (WHERE c.synced_seq < k.seq) AS behind,
    min(CASE WHEN c.synced_seq < k.seq THEN coalesce(c.first_at, k.look_since, k.last_event_at) END) AS first_at
  FROM relay_credential k JOIN relay_connection c ON c.credential_id = k.credential_id
  WHERE c.phase NOT IN ('GONE', 'UNMAPPED')`;

/** All credentials, or one, in two statements whatever the number of their connections. */
export async function credentialSummaries(
  database: Database,
  credentialId?: string,
): Promise<CredentialSummary[]> {
  const parameters = credentialId === undefined ? [] : [credentialId];
  const only = (condition: string) => (credentialId === undefined ? "" : `${condition} k.credential_id = $1`);
  return await database.transaction(
    async (transaction) => {
      const credentials = await transaction.all(
        `${CREDENTIALS} ${only("WHERE")} ORDER BY k.credential_id`,
        parameters,
      );
      const counts = await transaction.all(
        `${CONNECTIONS} ${only("AND")} GROUP BY c.credential_id, c.phase`,
        parameters,
      );
      const tallies = new Map<string, Tally>();
      for (const found of counts) {
        const row = phaseRow.parse(found);
        const tally = tallies.get(row.credential_id) ?? { phases: {}, pendingSince: null };
        tallies.set(row.credential_id, tally);
        count(tally, row);
      }
      return credentials.map((found) => {
        const row = summaryRow.parse(found);
        const { phases = {}, pendingSince = null } = tallies.get(row.credential_id) ?? {};
        return {
          credentialId: row.credential_id,
          seq: row.seq,
          lastEventAt: row.last_event_at,
          pendingSince,
          phases,
          owed: owedOf(row),
          subscription: subscriptionOf(row),
        };
      });
    },
    { isRepeatable: true },
  );
}

interface Tally {
  readonly phases: Partial<Record<PhaseName, number>>;
  pendingSince: number | null;
}

function count(tally: Tally, row: ReturnType<typeof phaseRow.parse>): void {
  const { phase, connections, behind, first_at: firstAt } = row;
  if (phase === "IDLE") {
    if (behind > 0) tally.phases.PENDING = behind;
    if (connections > behind) tally.phases.CLEAN = connections - behind;
  } else {
    tally.phases[phase] = connections;
  }
  if (firstAt !== null) tally.pendingSince = Math.min(firstAt, tally.pendingSince ?? firstAt);
}

function owedOf(row: Row): CredentialSummary["owed"] {
  const { credential_id: credentialId, owed_seq: seq, owed_at: at, owed_reason: reason } = row;
  return seq === null || at === null || reason === null ? null : { credentialId, seq, at, reason };
}

function subscriptionOf(row: Row): CredentialSummary["subscription"] {
  const { subscription_state: state, subscription_since: since, subscription_failing: failing } = row;
  return state === null || since === null ? null : { state, since, failing };
}
