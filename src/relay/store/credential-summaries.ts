import { type PhaseName } from "../coalescer/connection-state.ts";
import { type CredentialSummary } from "./credential.ts";
import { type Database } from "./database.ts";
import { summaryRow } from "./rows.ts";

type Row = ReturnType<typeof summaryRow.parse>;

/** Connections that are none of the credential any more count neither as parked nor as pending. */
const SUMMARIES = `
  SELECT k.credential_id, k.seq, k.last_event_at, c.phase, c.connections, c.first_at, k.owed_seq, k.owed_at,
    k.owed_reason, s.state AS subscription_state, s.since AS subscription_since, s.failing AS subscription_failing
  FROM relay_credential k LEFT JOIN (
    SELECT c.credential_id, count(*) AS connections,
      CASE WHEN c.phase <> 'IDLE' THEN c.phase WHEN c.synced_seq < d.seq THEN 'PENDING' ELSE 'CLEAN' END AS phase,
      min(CASE WHEN c.synced_seq < d.seq THEN coalesce(c.first_at, d.look_since, d.last_event_at) END) AS first_at
    FROM relay_connection c JOIN relay_credential d ON d.credential_id = c.credential_id
    WHERE c.phase NOT IN ('GONE', 'UNMAPPED')
    GROUP BY 1, 3
  ) AS c ON c.credential_id = k.credential_id
  LEFT JOIN relay_subscription s ON s.credential_id = k.credential_id`;

/** All credentials, or one, in one statement whatever the number of their connections. */
export async function credentialSummaries(
  database: Database,
  credentialId?: string,
): Promise<CredentialSummary[]> {
  const where = credentialId === undefined ? "" : "WHERE k.credential_id = $1";
  return await database.transaction(
    async (transaction) => {
      const rows = await transaction.all(
        `${SUMMARIES} ${where} ORDER BY k.credential_id`,
        credentialId === undefined ? [] : [credentialId],
      );
      const summaries = new Map<string, CredentialSummary & { phases: Partial<Record<PhaseName, number>> }>();
      for (const row of rows.map((found) => summaryRow.parse(found))) {
        const {
          credential_id: id,
          seq,
          last_event_at: lastEventAt,
          phase,
          connections,
          first_at: firstAt,
        } = row;
        const known = summaries.get(id) ?? {
          credentialId: id,
          seq,
          lastEventAt,
          pendingSince: null,
          phases: {},
          owed: owedOf(row),
          subscription: subscriptionOf(row),
        };
        const pendingSince =
          firstAt === null || known.pendingSince === null
            ? (firstAt ?? known.pendingSince)
            : Math.min(firstAt, known.pendingSince);
        const phases = phase === null ? known.phases : { ...known.phases, [phase]: connections };
        summaries.set(id, { ...known, pendingSince, phases });
      }
      return [...summaries.values()];
    },
    { isRepeatable: true },
  );
}

function owedOf(row: Row): CredentialSummary["owed"] {
  const { credential_id: credentialId, owed_seq: seq, owed_at: at, owed_reason: reason } = row;
  return seq === null || at === null || reason === null ? null : { credentialId, seq, at, reason };
}

function subscriptionOf(row: Row): CredentialSummary["subscription"] {
  const { subscription_state: state, subscription_since: since, subscription_failing: failing } = row;
  return state === null || since === null ? null : { state, since, failing };
}
