import { type CredentialConfig } from "../config/relay-config.ts";
import { type Services } from "../http/services.ts";
import { connectionUrl, jobUrl, webhookUrl } from "../http/views.ts";
import { type Activity, type Connection, type CredentialSummary, type StoredEvent } from "../store/store.ts";
import { describeState, type Description } from "../telemetry/describe-state.ts";
import { type PendingHistory, type Sample } from "./pending-history.ts";

/** Of each credential, on a page of so many. */
const CREDENTIALS = 20;
const CONNECTIONS = 50;
const EVENTS = 8;
const ACTIVITY = 8;

/** What the page shows at one moment. */
export interface PageModel {
  readonly now: number;
  readonly credentials: readonly CredentialModel[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

export interface CredentialModel {
  readonly id: string;
  readonly name: string;
  readonly webhookUrl: string | null;
  readonly auth: CredentialConfig["auth"]["mode"];
  readonly status: CredentialSummary | undefined;
  /** Age of the oldest unsynced event, ms; undefined if there is none. */
  readonly pendingAge: number | undefined;
  readonly samples: readonly Sample[];
  readonly connections: readonly ConnectionModel[];
  /** How many are not shown. */
  readonly moreConnections: number;
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

/** @param page which credentials, from 1; one that there is not shows the last */
export async function readModel(
  services: Services,
  history: PendingHistory,
  page: number,
): Promise<PageModel> {
  const { config, clock } = services;
  const now = clock.now();
  const pages = Math.max(1, Math.ceil(config.credentials.length / CREDENTIALS));
  const shown = Math.min(Math.max(1, page), pages);
  const credentials = await Promise.all(
    config.credentials
      .slice((shown - 1) * CREDENTIALS, shown * CREDENTIALS)
      .map((credential) => credentialModel(services, history, credential, now)),
  );
  return { now, credentials, page: shown, pages };
}

async function credentialModel(
  services: Services,
  history: PendingHistory,
  credential: CredentialConfig,
  now: number,
): Promise<CredentialModel> {
  const { config, store } = services;
  const [status, all, events] = await Promise.all([
    store.credentialSummary(credential.id),
    store.connections(credential.id),
    store.recentEvents(credential.id, EVENTS),
  ]);
  const connections = all.slice(0, CONNECTIONS);
  const activity = await Promise.all(connections.map((connection) => activityOf(services, connection)));
  const pendingSince = status?.pendingSince ?? null;
  return {
    id: credential.id,
    name: credential.name,
    webhookUrl: webhookUrl(config.publicUrl, credential.id),
    auth: credential.auth.mode,
    status,
    pendingAge: pendingSince === null ? undefined : Math.max(0, now - pendingSince),
    samples: history.of(credential.id),
    connections: connections.map((connection) => connectionModel(services, connection, now)),
    moreConnections: all.length - connections.length,
    events,
    activity: activity
      .flat()
      .sort((a, b) => b.at - a.at)
      .slice(0, ACTIVITY),
  };
}

function connectionModel({ config }: Services, connection: Connection, now: number): ConnectionModel {
  const { credentialId, connectionId, demand, state } = connection;
  return {
    connection,
    description: describeState(connection, config.timingsOf(credentialId, connectionId), now),
    url: connectionUrl(config.airbyte.appUrl, connection),
    pendingEvents: Math.max(0, demand.seq - state.syncedSeq),
  };
}

async function activityOf({ config, store }: Services, connection: Connection): Promise<ActivityModel[]> {
  const activity = await store.recentActivity(connection.connectionId, ACTIVITY);
  return activity.map((item) => ({
    ...item,
    name: nameOf(connection),
    jobUrl: item.note.jobId === undefined ? null : jobUrl(config.airbyte.appUrl, connection, item.note.jobId),
  }));
}

export function nameOf({ name, connectionId }: Connection): string {
  return name === "" ? connectionId : name;
}
