import { type AccountContent, type AccountRecord, type AccountSet } from "./account.ts";
import { type Database, type Transaction } from "./database.ts";
import { accountRow } from "./rows.ts";

const COLUMNS = "credential_id, settings, secrets, created_at, changed_at, removed_at";

/** Credentials that were made while the relay runs. What they hold is known to their reader alone. */
export class AccountTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async version(): Promise<number> {
    return await this.#database.transaction(readVersion, { isRepeatable: true });
  }

  async all(): Promise<AccountSet> {
    return await this.#database.transaction(
      async (transaction) => {
        const version = await readVersion(transaction);
        const rows = await transaction.all(
          `SELECT ${COLUMNS} FROM relay_account ORDER BY created_at, credential_id`,
        );
        return { version, accounts: rows.map(toRecord) };
      },
      { isRepeatable: true },
    );
  }

  async write(
    credentialId: string,
    change: (known: AccountRecord | undefined) => AccountContent | undefined,
  ): Promise<AccountRecord | undefined> {
    return await this.#database.transaction(
      async (transaction) => {
        // First of all, so that those who write wait for each other, and nobody reads a set with an older number.
        await transaction.all("UPDATE relay_account_version SET version = version + 1");
        const [row] = await transaction.all(`SELECT ${COLUMNS} FROM relay_account WHERE credential_id = $1`, [
          credentialId,
        ]);
        const known = row === undefined ? undefined : toRecord(row);
        const content = change(known);
        if (content === undefined) return known;
        const { now } = transaction;
        const [written] = await transaction.all(
          `INSERT INTO relay_account (${COLUMNS}) VALUES ($1, $2, $3, $4, $4, $5)
           ON CONFLICT (credential_id) DO UPDATE SET settings = excluded.settings, secrets = excluded.secrets,
             created_at = $6, changed_at = excluded.changed_at, removed_at = excluded.removed_at
           RETURNING ${COLUMNS}`,
          [
            credentialId,
            content.settings,
            content.secrets,
            now,
            content.isRemoved ? now : null,
            known?.removedAt !== null ? now : known.createdAt,
          ],
        );
        return written === undefined ? undefined : toRecord(written);
      },
      // Whoever changes it says what shall be, not by how much.
      { isRepeatable: true },
    );
  }
}

async function readVersion(transaction: Transaction): Promise<number> {
  const [row] = await transaction.all("SELECT version FROM relay_account_version");
  return Number(row?.["version"] ?? 0);
}

function toRecord(row: unknown): AccountRecord {
  const { credential_id, settings, secrets, created_at, changed_at, removed_at } = accountRow.parse(row);
  return {
    credentialId: credential_id,
    settings,
    secrets,
    createdAt: created_at,
    changedAt: changed_at,
    removedAt: removed_at,
  };
}
