import { AccountTable } from "./account-table.ts";
import { ActivityTable } from "./activity-table.ts";
import { ConnectionDiscovery } from "./connection-discovery.ts";
import { ConnectionPages } from "./connection-pages.ts";
import { ConnectionSteps } from "./connection-steps.ts";
import { ConnectionTable } from "./connection-table.ts";
import { CredentialTable } from "./credential-table.ts";
import { type Database } from "./database.ts";
import { DueConnections } from "./due-connections.ts";
import { EventLedger } from "./event-ledger.ts";
import { EventTable } from "./event-table.ts";
import { HistoryTable } from "./history-table.ts";
import { OwedSyncs } from "./owed-syncs.ts";
import { SharedBudget } from "./shared-budget.ts";
import { type StoreOptions } from "./store-options.ts";
import { SubscriptionTable } from "./subscription-table.ts";

/** What a store's methods are carried out by. */
export type SqlTables = ReturnType<typeof sqlTables>;

/** The tables of one database, and what works on several of them at once. */
export function sqlTables(
  database: Database,
  { timingsOf, random = Math.random, soonestOf = () => 0 }: StoreOptions,
) {
  const credentials = new CredentialTable(database);
  const events = new EventTable(database);
  const owed = new OwedSyncs(database, credentials, events);
  const steps = new ConnectionSteps(timingsOf, random);
  return {
    credentials,
    events,
    ledger: new EventLedger({ database, credentials, events, soonest: soonestOf }),
    owed,
    subscriptions: new SubscriptionTable(database, owed),
    connections: new ConnectionTable(database, steps),
    pages: new ConnectionPages(database),
    discovery: new ConnectionDiscovery(database, steps, credentials),
    due: new DueConnections(database, steps),
    activity: new ActivityTable(database),
    history: new HistoryTable(database),
    accounts: new AccountTable(database),
    budget: new SharedBudget(database),
  };
}
