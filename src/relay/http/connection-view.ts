import { type CredentialConfig } from "../config/relay-config.ts";
import { type Activity, type Connection } from "../store/connection.ts";
import { describeState, inOneLine } from "../telemetry/describe-state.ts";
import { connectionUrl, jobUrl } from "./airbyte-urls.ts";
import { isoOf, isoOrNull } from "./iso-time.ts";
import { type ConnectionPageView, type ConnectionView, type JobView } from "./schemas.ts";
import { type ViewContext } from "./view-context.ts";

/** Some of the connections of a credential, those that need a person first, then by name. */
export async function connectionPage(
  { id }: CredentialConfig,
  page: { limit: number; offset: number },
  context: ViewContext,
): Promise<ConnectionPageView> {
  const { connections, total } = await context.store.connectionPage(id, page);
  return { total, connections: await connectionViews(connections, context) };
}

export async function connectionViews(
  connections: readonly Connection[],
  context: ViewContext,
): Promise<ConnectionView[]> {
  const { store } = context;
  const [pausedUntil, activity] = await Promise.all([
    store.pausedUntil(),
    store.lastJobs(connections.map(({ connectionId }) => connectionId)),
  ]);
  const jobs = new Map(activity.map((each) => [each.connectionId, each]));
  return connections.map((connection) =>
    viewOf(connection, context, pausedUntil, jobs.get(connection.connectionId)),
  );
}

export async function connectionView(connection: Connection, context: ViewContext): Promise<ConnectionView> {
  const { store } = context;
  const [pausedUntil, [job]] = await Promise.all([
    store.pausedUntil(),
    store.lastJobs([connection.connectionId]),
  ]);
  return viewOf(connection, context, pausedUntil, job);
}

function viewOf(
  connection: Connection,
  { config, now }: ViewContext,
  pausedUntil: number,
  job: Activity | undefined,
): ConnectionView {
  const { connectionId, credentialId, state, demand } = connection;
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
    last_job: lastJob(connection, job, config.airbyte.appUrl),
  };
}

function lastJob(
  connection: Connection,
  job: Activity | undefined,
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
  return job?.note.jobId === undefined ? null : view(job.note.jobId, job.note.kind, job.at);
}
