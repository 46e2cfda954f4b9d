import { type CredentialConfig } from "../config/relay-config.ts";
import { type Services } from "../http/services.ts";
import { connectionUrl, jobUrl, webhookUrl } from "../http/views.ts";
import { type Activity, type Connection, type CredentialStatus, type StoredEvent } from "../store/store.ts";
import { describeState, type Description } from "../telemetry/describe-state.ts";
import { pendingAges } from "../telemetry/metrics.ts";
import { type PendingHistory, type Sample } from "./pending-history.ts";

const EVENTS = 8;
const ACTIVITY = 8;

/** What the page shows at one moment. */
export interface PageModel {
  readonly now: number;
  readonly credentials: readonly CredentialModel[];
}

export interface CredentialModel {
  readonly id: string;
  readonly name: string;
  readonly webhookUrl: string | null;
  readonly auth: CredentialConfig["auth"]["mode"];
  readonly status: CredentialStatus | undefined;
  /** Age of the oldest unsynced event, ms; undefined if there is none. */
  readonly pendingAge: number | undefined;
  readonly samples: readonly Sample[];
  readonly connections: readonly ConnectionModel[];
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

export async function readModel(services: Services, history: PendingHistory): Promise<PageModel> {
  const { config, store, clock } = services;
  const now = clock.now();
  const [statuses, connections] = await Promise.all([store.credentialStatuses(), store.connections()]);
  const ages = pendingAges(connections, now);
  const credentials = await Promise.all(
    config.credentials.map(async (credential): Promise<CredentialModel> => {
      const own = connections.filter(({ credentialId }) => credentialId === credential.id);
      const [events, activity] = await Promise.all([
        store.recentEvents(credential.id, EVENTS),
        Promise.all(own.map((connection) => activityOf(services, connection))),
      ]);
      return {
        id: credential.id,
        name: credential.name,
        webhookUrl: webhookUrl(config.publicUrl, credential.id),
        auth: credential.auth.mode,
        status: statuses.find(({ credentialId }) => credentialId === credential.id),
        pendingAge: ages.get(credential.id),
        samples: history.of(credential.id),
        connections: own.map((connection) => connectionModel(services, connection, now)),
        events,
        activity: activity
          .flat()
          .sort((a, b) => b.at - a.at)
          .slice(0, ACTIVITY),
      };
    }),
  );
  return { now, credentials };
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
