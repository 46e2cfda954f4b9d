import { problemOf } from "../accounts/attention.ts";
import { watchedSummary } from "../accounts/watched-summary.ts";
import { type PhaseName } from "../coalescer/connection-state.ts";
import { proofOf } from "../config/auth.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { type CredentialSummary } from "../store/credential.ts";
import { accountView } from "./account-view.ts";
import { connectionPage } from "./connection-view.ts";
import { isoOf, isoOrNull } from "./iso-time.ts";
import { type CredentialSummaryView, type CredentialView, type EventView, PHASES } from "./schemas.ts";
import { type ViewContext } from "./view-context.ts";

const RECENT_EVENTS = 20;

/** All credentials of the configuration in short, in its order. */
export async function credentialSummaries({ config, store }: ViewContext): Promise<CredentialSummaryView[]> {
  const summaries = await store.credentialSummaries();
  const byId = new Map(summaries.map((summary) => [summary.credentialId, summary]));
  return config.credentials.map((credential) => {
    const summary = byId.get(credential.id);
    return {
      ...summaryOf(credential, summary),
      connections: Object.fromEntries(
        PHASES.map((phase) => [phase, summary?.phases[phase.toUpperCase() as PhaseName] ?? 0]),
      ) as CredentialSummaryView["connections"],
    };
  });
}

/** One, with a page of its connections. It costs the same statements, however many there are. */
export async function credentialView(
  credential: CredentialConfig,
  page: { limit: number; offset: number },
  context: ViewContext,
): Promise<CredentialView> {
  const { config, store } = context;
  const [summary, { connections, total }, events] = await Promise.all([
    store.credentialSummary(credential.id),
    connectionPage(credential, page, context),
    store.recentEvents(credential.id, RECENT_EVENTS),
  ]);
  return {
    ...summaryOf(credential, summary),
    webhook_url: webhookUrl(config.publicUrl, credential.id),
    auth: proofOf(credential.auth),
    is_mapped: context.isMapped(),
    connections,
    total_connections: total,
    recent_events: events.map(({ seq, eventId, eventType, receivedAt }): EventView => ({
      seq,
      event_id: eventId,
      event_type: eventType,
      received_at: isoOf(receivedAt),
    })),
    account: accountView(credential, config),
  };
}

function summaryOf(
  credential: CredentialConfig,
  summary: CredentialSummary | undefined,
): Omit<CredentialSummaryView, "connections"> {
  return {
    credential_id: credential.id,
    name: credential.name,
    origin: credential.stored === undefined ? "configuration" : "store",
    problem: problemOf(credential) ?? null,
    seq: summary?.seq ?? 0,
    last_event_at: isoOrNull(summary?.lastEventAt ?? null),
    pending_since: isoOrNull(summary?.pendingSince ?? null),
    last_owed: owedView(summary),
    subscription: subscriptionView(watchedSummary(credential, summary)),
  };
}

function owedView(summary: CredentialSummary | undefined): CredentialSummaryView["last_owed"] {
  const owed = summary?.owed ?? null;
  return owed === null ? null : { reason: owed.reason, seq: owed.seq, at: isoOf(owed.at) };
}

function subscriptionView(summary: CredentialSummary | undefined): CredentialSummaryView["subscription"] {
  const subscription = summary?.subscription ?? null;
  return subscription === null ? null : { ...subscription, since: isoOf(subscription.since) };
}
