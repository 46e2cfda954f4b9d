import { problemOf } from "../accounts/attention.ts";
import { watchedSummary } from "../accounts/watched-summary.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { type Services } from "../http/services.ts";
import { type CredentialSummary } from "../store/credential.ts";

/** So many accounts are shown whole, with their connections, instead of as a list. */
export const FEW = 3;
const ROWS = 25;

/** What an account needs, the most urgent first. */
const NEEDS = ["unfinished", "parked", "failing", "unheard", "owed", "waiting"] as const;
export type Need = (typeof NEEDS)[number];

export interface ListRow {
  readonly id: string;
  readonly name: string;
  readonly needs: readonly Need[];
  readonly summary: CredentialSummary | undefined;
  readonly connections: number;
  /** Age of the oldest unsynced event, ms; undefined if there is none. */
  readonly pendingAge: number | undefined;
}

export interface ListModel {
  readonly now: number;
  readonly search: string;
  readonly rows: readonly ListRow[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  /** Accounts that the search finds. */
  readonly found: number;
  readonly total: number;
  /** Of all accounts, how many need what. */
  readonly needs: Readonly<Record<Need, number>>;
}

/**
 * A page of the accounts whose name or id holds `search`: those that need a person first, then the ones whose oldest
 * event waits longest, then by name. It costs one statement, whatever waits.
 *
 * @param query.page from 1; one that there is not shows the last
 */
export async function readList(
  { config, store, clock }: Services,
  query: { search: string; page: number },
): Promise<ListModel> {
  const now = clock.now();
  const summaries = new Map((await store.credentialSummaries()).map((each) => [each.credentialId, each]));
  const all = config.credentials.map((credential) =>
    rowOf(credential, watchedSummary(credential, summaries.get(credential.id)), now),
  );
  const search = query.search.trim().slice(0, 200);
  const wanted = search.toLowerCase();
  const found = all
    .filter(({ id, name }) => name.toLowerCase().includes(wanted) || id.includes(wanted))
    .sort(byNeed);
  const pages = Math.max(1, Math.ceil(found.length / ROWS));
  const page = Math.min(Math.max(1, query.page), pages);
  const count = (need: Need) => all.filter(({ needs }) => needs.includes(need)).length;
  return {
    now,
    search,
    rows: found.slice((page - 1) * ROWS, page * ROWS),
    page,
    pages,
    found: found.length,
    total: all.length,
    needs: {
      unfinished: count("unfinished"),
      parked: count("parked"),
      failing: count("failing"),
      unheard: count("unheard"),
      owed: count("owed"),
      waiting: count("waiting"),
    },
  };
}

function rowOf(credential: CredentialConfig, summary: CredentialSummary | undefined, now: number): ListRow {
  const { id, name } = credential;
  const phases = summary?.phases ?? {};
  const { pendingSince = null, owed = null, subscription = null } = summary ?? {};
  const has: Readonly<Record<Need, boolean>> = {
    unfinished: problemOf(credential) !== undefined,
    parked: (phases.PARKED ?? 0) > 0,
    failing: (phases.BACKOFF ?? 0) > 0,
    unheard: subscription !== null && (subscription.state !== "on" || subscription.failing !== null),
    // What is no older than the oldest unsynced event may have been synced.
    owed: owed !== null && pendingSince !== null && pendingSince <= owed.at,
    waiting: pendingSince !== null,
  };
  return {
    id,
    name,
    needs: NEEDS.filter((need) => has[need]),
    summary,
    connections: Object.values(phases).reduce((sum, connections) => sum + connections, 0),
    pendingAge: pendingSince === null ? undefined : Math.max(0, now - pendingSince),
  };
}

function byNeed(a: ListRow, b: ListRow): number {
  for (const need of NEEDS) {
    const difference = Number(b.needs.includes(need)) - Number(a.needs.includes(need));
    if (difference !== 0) return difference;
  }
  return (b.pendingAge ?? 0) - (a.pendingAge ?? 0) || NAMES.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

const NAMES = new Intl.Collator("en", { numeric: true });
