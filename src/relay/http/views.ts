import { problemOf } from "../accounts/attention.ts";
import { type PhaseName } from "../coalescer/connection-state.ts";
import { proofOf } from "../config/auth.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { type Activity, type Connection, type CredentialSummary } from "../store/store.ts";
import { describeState, inOneLine } from "../telemetry/describe-state.ts";
import { accountView } from "./account-view.ts";
import {
  type ConnectionPageView,
  type ConnectionView,
  type CredentialSummaryView,
  type CredentialView,
  type EventView,
  type JobView,
  PHASES,
} from "./schemas.ts";
import { type Services, type ServicesStore } from "./services.ts";

const RECENT_EVENTS = 20;
/** Of so much activity, the last job is sure to be part: notes without a job are few. */
const RECENT_ACTIVITY = 50;

/** Where Airbyte's web application shows a connection. */
export function connectionUrl(appUrl: string | undefined, connection: Connection): string | null {
  if (appUrl === undefined || connection.workspaceId === "") return null;
  const { workspaceId, connectionId } = connection;
  return `${appUrl}/workspaces/${encodeURIComponent(workspaceId)}/connections/${encodeURIComponent(connectionId)}`;
}

export function jobUrl(appUrl: string | undefined, connection: Connection, jobId: number): string | null {
  const url = connectionUrl(appUrl, connection);
  return url === null ? null : `${url}/timeline?jobId=${jobId}&openLogs=true`;
}

export interface ViewContext {
  readonly config: RelayConfig;
  readonly store: Pick<
    ServicesStore,
    | "connectionPage"
    | "connections"
    | "credentialSummaries"
    | "credentialSummary"
    | "pausedUntil"
    | "recentActivity"
    | "recentEvents"
  >;
  readonly now: number;
  readonly isMapped: () => boolean;
}

export function contextOf({ config, store, clock, isMapped }: Services): ViewContext {
  return { config, store, now: clock.now(), isMapped };
}

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

export async function credentialView(
  credential: CredentialConfig,
  context: ViewContext,
): Promise<CredentialView> {
  const { config, store } = context;
  const [summary, connections, events] = await Promise.all([
    store.credentialSummary(credential.id),
    store.connections(credential.id),
    store.recentEvents(credential.id, RECENT_EVENTS),
  ]);
  return {
    ...summaryOf(credential, summary),
    webhook_url: webhookUrl(config.publicUrl, credential.id),
    auth: proofOf(credential.auth),
    is_mapped: context.isMapped(),
    connections: await connectionViews(connections, context),
    recent_events: events.map(({ seq, eventId, eventType, receivedAt }): EventView => ({
      seq,
      event_id: eventId,
      event_type: eventType,
      received_at: isoOf(receivedAt),
    })),
    account: accountView(credential, config),
  };
}

/** Some of the connections of a credential, by name. */
export async function connectionPage(
  { id }: CredentialConfig,
  page: { limit: number; offset: number },
  context: ViewContext,
): Promise<ConnectionPageView> {
  const { connections, total } = await context.store.connectionPage(id, page);
  return { total, connections: await connectionViews(connections, context) };
}

async function connectionViews(
  connections: readonly Connection[],
  context: ViewContext,
): Promise<ConnectionView[]> {
  const pausedUntil = await context.store.pausedUntil();
  return await Promise.all(connections.map((connection) => viewOf(connection, context, pausedUntil)));
}

export async function connectionView(connection: Connection, context: ViewContext): Promise<ConnectionView> {
  return await viewOf(connection, context, await context.store.pausedUntil());
}

async function viewOf(
  connection: Connection,
  { config, store, now }: ViewContext,
  pausedUntil: number,
): Promise<ConnectionView> {
  const { connectionId, credentialId, state, demand } = connection;
  const activity = await store.recentActivity(connectionId, RECENT_ACTIVITY);
  const description = describeState(
    connection,
    config.timingsOf(credentialId, connectionId),
    now,
    pausedUntil,
  );
  return {
    connection_id: connectionId,
    credential_id: credentialId,
    name: connection.name,
    workspace_id: connection.workspaceId,
    source_name: connection.sourceName,
    airbyte_status: connection.status,
    url: connectionUrl(config.airbyte.appUrl, connection),
    state: description.phase.toLowerCase() as ConnectionView["state"],
    state_text: inOneLine(description),
    seq: demand.seq,
    synced_seq: state.syncedSeq,
    pending_events: Math.max(0, demand.seq - state.syncedSeq),
    pending_since: isoOrNull(demand.seq > state.syncedSeq ? demand.firstAt : null),
    park_reason: state.phase.name === "PARKED" ? state.phase.reason : null,
    failed_jobs: state.failedJobs,
    failed_seq: state.failedSeq,
    last_error: state.lastError,
    last_triggered_at: isoOrNull(state.lastTriggerAt),
    last_succeeded_at: isoOrNull(state.lastSuccessAt),
    last_job: lastJob(connection, activity, config.airbyte.appUrl),
  };
}

function lastJob(
  connection: Connection,
  activity: readonly Activity[],
  appUrl: string | undefined,
): JobView | null {
  const { phase } = connection.state;
  const view = (jobId: number, outcome: string, at: number): JobView => ({
    job_id: jobId,
    outcome,
    at: isoOf(at),
    url: jobUrl(appUrl, connection, jobId),
  });
  if (phase.name === "TRACKING") return view(phase.jobId, phase.status, phase.since);
  for (const { at, note } of activity) {
    if (note.jobId !== undefined) return view(note.jobId, note.kind, at);
  }
  return null;
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
    subscription: subscriptionView(summary),
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

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoOf(ms);
}
