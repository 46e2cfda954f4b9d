import { problemOf } from "../accounts/attention.ts";
import { watchedSummary } from "../accounts/watched-summary.ts";
import { proofOf } from "../config/auth.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { connectionUrl, jobUrl } from "../http/airbyte-urls.ts";
import { type Services } from "../http/services.ts";
import { type Activity, type Connection } from "../store/connection.ts";
import { type CredentialSummary } from "../store/credential.ts";
import { type StoredEvent } from "../store/event.ts";
import { describeState, type Description } from "../telemetry/describe-state.ts";
import { type PendingHistory, type Sample } from "./pending-history.ts";

const CONNECTIONS = 20;
const EVENTS = 8;
const ACTIVITY = 8;

/** What is shown of an account at one moment. */
export interface CredentialModel {
  readonly now: number;
  readonly id: string;
  readonly name: string;
  readonly webhookUrl: string | null;
  readonly auth: ReturnType<typeof proofOf>;
  /** What a person must do before it works; undefined: nothing. */
  readonly problem: string | undefined;
  /** Whether it was made here, so that it can be changed here. */
  readonly isStored: boolean;
  readonly status: CredentialSummary | undefined;
  /** Age of the oldest unsynced event, ms; undefined if there is none. */
  readonly pendingAge: number | undefined;
  readonly samples: readonly Sample[];
  readonly connections: readonly ConnectionModel[];
  /** Of its connections, from 1. */
  readonly page: number;
  readonly pages: number;
  readonly events: readonly StoredEvent[];
  readonly activity: readonly ActivityModel[];
}

export interface ConnectionModel {
  readonly connection: Connection;
  readonly description: Description;
  readonly url: string | null;
  readonly pendingEvents: number;
}

export interface ActivityModel extends Activity {
  readonly name: string;
  readonly jobUrl: string | null;
}

/** @param wantedPage which of its connections, from 1; one that there is not shows the last */
export async function readAccount(
  services: Services,
  history: PendingHistory,
  credential: CredentialConfig,
  wantedPage: number,
): Promise<CredentialModel> {
  const { config, store, clock } = services;
  const now = clock.now();
  const [status, { connections, page, pages }, events, pausedUntil] = await Promise.all([
    store.credentialSummary(credential.id),
    readConnections(services, credential.id, wantedPage),
    store.recentEvents(credential.id, EVENTS),
    store.pausedUntil(),
  ]);
  const activity = await activityOf(services, connections);
  const pendingSince = status?.pendingSince ?? null;
  return {
    now,
    id: credential.id,
    name: credential.name,
    webhookUrl: webhookUrl(config.publicUrl, credential.id),
    auth: proofOf(credential.auth),
    problem: problemOf(credential),
    isStored: credential.stored !== undefined,
    status: watchedSummary(credential, status),
    pendingAge: pendingSince === null ? undefined : Math.max(0, now - pendingSince),
    samples: history.of(credential.id),
    connections: connections.map((connection) => connectionModel(services, connection, now, pausedUntil)),
    page,
    pages,
    events,
    activity,
  };
}

async function readConnections({ store }: Services, credentialId: string, wanted: number) {
  const read = (page: number) =>
    store.connectionPage(credentialId, { limit: CONNECTIONS, offset: (page - 1) * CONNECTIONS });
  const first = await read(Math.max(1, wanted));
  const pages = Math.max(1, Math.ceil(first.total / CONNECTIONS));
  const page = Math.min(Math.max(1, wanted), pages);
  const { connections } = page < wanted ? await read(page) : first;
  return { connections, page, pages };
}

function connectionModel(
  { config }: Services,
  connection: Connection,
  now: number,
  pausedUntil: number,
): ConnectionModel {
  const { credentialId, connectionId, demand, state } = connection;
  return {
    connection,
    description: describeState(connection, config.timingsOf(credentialId, connectionId), now, pausedUntil),
    url: connectionUrl(config.airbyte.appUrl, connection),
    pendingEvents: Math.max(0, demand.seq - state.syncedSeq),
  };
}

async function activityOf(
  { config, store }: Services,
  connections: readonly Connection[],
): Promise<ActivityModel[]> {
  const byId = new Map(connections.map((connection) => [connection.connectionId, connection]));
  const activity = await store.recentActivity([...byId.keys()], ACTIVITY);
  return activity.flatMap((item) => {
    const connection = byId.get(item.connectionId);
    if (connection === undefined) return [];
    const { jobId } = item.note;
    const url = jobId === undefined ? null : jobUrl(config.airbyte.appUrl, connection, jobId);
    return [{ ...item, name: nameOf(connection), jobUrl: url }];
  });
}

export function nameOf({ name, connectionId }: Connection): string {
  return name === "" ? connectionId : name;
}
