import { existsSync } from "node:fs";

import { isAirbyteApiError } from "../../airbyte/api/errors.ts";
import { toConnectorError } from "../../dixa/errors.ts";
import { type Clock } from "../../http/clock.ts";
import { problemOf } from "../accounts/attention.ts";
import { type CurrentConfig } from "../accounts/current-config.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { formatDuration } from "../config/scalars.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import {
  type AirbyteDirectory,
  type DirectoryConnection,
  type DirectorySource,
} from "../dispatch/airbyte-directory.ts";
import { ownersOf } from "../dispatch/owners.ts";
import { messageOf } from "../store/error-message.ts";
import { type Store } from "../store/store.ts";
import { count } from "../telemetry/describe-state.ts";
import { lookAtSubscriptions, type WatchedSubscriptions } from "../watch/subscription-look.ts";

export interface Finding {
  readonly area: "configuration" | "relay" | "store" | "airbyte" | "dixa";
  readonly state: "ok" | "warning" | "fault";
  /** What was found, and what to do about it. */
  readonly message: string;
}

const finding =
  (area: Finding["area"]) =>
  (state: Finding["state"], message: string): Finding => ({ area, state, message });

/** The store and the accounts in it. @param open may throw what opening a store throws */
export async function checkStore(
  current: CurrentConfig,
  open: () => Promise<Store>,
  read: (store: Store) => Promise<void>,
  now: number,
): Promise<Finding[]> {
  const tell = finding("store");
  const { store } = current.value;
  if (store.kind === "sqlite" && store.path !== ":memory:" && !existsSync(store.path)) {
    return [tell("warning", `${store.path} is not there yet; the relay makes it when it is first started.`)];
  }
  let opened: Store;
  try {
    opened = await open();
  } catch (error) {
    return [tell("fault", `The store can't be used: ${messageOf(error)}.`)];
  }
  try {
    await read(opened);
    const summaries = new Map((await opened.credentialSummaries()).map((each) => [each.credentialId, each]));
    const { credentials } = current.value;
    return [
      tell(
        "ok",
        `It can be read, and holds ${count(credentials.filter(({ stored }) => stored).length, "account")}.`,
      ),
      ...credentials.map((credential) => {
        const last = summaries.get(credential.id)?.lastEventAt ?? null;
        const problem = problemOf(credential);
        if (problem !== undefined) return tell("fault", `${credential.name}: ${problem}`);
        return last === null
          ? tell("warning", `${credential.name}: no event has come yet.`)
          : tell(
              "ok",
              `${credential.name}: the last event came ${formatDuration(Math.floor(Math.max(0, now - last) / 1000) * 1000)} ago.`,
            );
      }),
    ];
  } catch (error) {
    return [tell("fault", `The store can't be read: ${messageOf(error)}.`)];
  } finally {
    await opened.close();
  }
}

/** Whether Airbyte lets the relay in, and which connections follow each credential. */
export async function checkAirbyte(
  { value: { credentials, airbyte } }: CurrentConfig,
  directory: Pick<AirbyteDirectory, "listConnections" | "listSources">,
): Promise<Finding[]> {
  const tell = finding("airbyte");
  const sources = new Map<string, DirectorySource>();
  const connections = new Map<string, DirectoryConnection>();
  try {
    for await (const source of directory.listSources(airbyte.workspaces))
      sources.set(source.sourceId, source);
    for await (const connection of directory.listConnections(airbyte.workspaces)) {
      connections.set(connection.connectionId, connection);
    }
  } catch (error) {
    return [
      tell(
        "fault",
        `${airbyte.url} does not list its sources and connections: ${messageOf(error)}. ${remedyOf(error)}`,
      ),
    ];
  }
  const counts = new Map<string, number>();
  const mapped = credentials.map(({ id, connections: selection }) => ({ id, selection }));
  for (const [owner = ""] of ownersOf(connections, sources, mapped).values()) {
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return [
    tell("ok", `It lists ${count(sources.size, "source")} and ${count(connections.size, "connection")}.`),
    ...credentials.map(({ id, name, connections: { by } }) => {
      const own = counts.get(id) ?? 0;
      if (own > 0)
        return tell("ok", `${name}: ${own} ${own === 1 ? "connection follows" : "connections follow"} it.`);
      return tell(
        "fault",
        by === "credential_id"
          ? `${name}: no connection follows it. Put ${id} into the field credential_id of a source in Airbyte.`
          : `${name}: no connection follows it. Check its connections: none has that ${by === "tag" ? "tag" : "id"}, or the application may not see it.`,
      );
    }),
  ];
}

function remedyOf(error: unknown): string {
  const kind = isAirbyteApiError(error) ? error.kind : undefined;
  return kind === "unauthorized" || kind === "forbidden"
    ? "Check airbyte.client_id and client_secret (or what airbyte.auth stands for), and the rights of their user."
    : "Check airbyte.url, which ends with /api/public/v1 where Airbyte is self-managed, and that Airbyte runs and can be reached from here.";
}

/** What Dixa says of each credential's webhook, for those with a token. */
export async function checkDixa(
  { value: { credentials, publicUrl } }: CurrentConfig,
  open: (credential: CredentialConfig) => { subscriptions: WatchedSubscriptions; close: () => void },
  clock: Clock,
): Promise<Finding[]> {
  const tell = finding("dixa");
  const findings: Finding[] = [];
  if (publicUrl === undefined) {
    findings.push(
      tell("warning", "public_url is missing, so nobody can be told where Dixa is to send its webhooks."),
    );
  } else if (!publicUrl.startsWith("https:")) {
    findings.push(tell("warning", `${publicUrl} is plain http: Dixa may refuse it.`));
  }
  for (const credential of credentials) {
    const { id, name, dixaApiToken } = credential;
    if (dixaApiToken === undefined) {
      findings.push(tell("ok", `${name}: not looked at, since there is no API token of Dixa for it.`));
      continue;
    }
    const { subscriptions, close } = open(credential);
    try {
      const report = await lookAtSubscriptions(subscriptions, {
        credentialId: id,
        webhookUrl: webhookUrl(publicUrl, id),
        switchesOn: false,
        onNotSwitched: () => undefined,
        // What to do about one that is off is said without it.
        onUnknown: () => undefined,
      });
      findings.push(tell(...judged(name, report, clock.now())));
    } catch (error) {
      findings.push(tell("fault", `${name}: ${toConnectorError(error).message}`));
    } finally {
      close();
    }
  }
  return findings;
}

function judged(
  name: string,
  { state, failing, failedAt }: { state: string; failing: string | null; failedAt: number | null },
  now: number,
): [Finding["state"], string] {
  if (state === "missing") {
    return [
      "fault",
      `${name}: Dixa has no webhook for it. Let the relay make it (subscribe, or credential rotate).`,
    ];
  }
  if (state === "off") {
    return [
      "fault",
      `${name}: its webhook is switched off in Dixa. Switch it on (Settings > Integrations > Webhooks).`,
    ];
  }
  if (failing !== null) {
    const ago =
      failedAt === null
        ? ""
        : ` ${formatDuration(Math.floor(Math.max(0, now - failedAt) / 1000) * 1000)} ago`;
    return [
      "fault",
      `${name}: the last delivery failed${ago}: ${failing}. See that Dixa reaches public_url.`,
    ];
  }
  return ["ok", `${name}: its webhook is on, and no delivery has failed lately.`];
}
