import { type Argv } from "yargs";

import { systemClock } from "../../http/clock.ts";
import { formatDuration } from "../config/scalars.ts";
import { type ConnectionView, type CredentialView } from "../http/schemas.ts";
import { count } from "../telemetry/describe-state.ts";
import { clientOptions, type CommandLine } from "./command-line.ts";
import { type RelayClient } from "./relay-client.ts";

export function addStatusCommand(program: Argv, commandLine: CommandLine): void {
  program.command(
    "status",
    "Show how credentials and their connections are",
    (args) =>
      args
        .options(clientOptions)
        .option("credential", {
          type: "string",
          requiresArg: true,
          describe: "Id of one credential; without it, all are shown",
        })
        .option("json", { type: "boolean", default: false, describe: "Print JSON" }),
    (args) =>
      commandLine.run(async () => {
        await status({
          client: commandLine.client(args),
          credentialId: args.credential,
          asJson: args.json,
          now: systemClock.now(),
          print: commandLine.print,
        });
        return 0;
      }),
  );
}

export interface StatusOptions {
  client: Pick<RelayClient, "connections" | "credential" | "credentials">;
  /** Undefined: all. */
  credentialId: string | undefined;
  /** Print what the relay answers instead of words about it. */
  asJson: boolean;
  /** ms UTC */
  now: number;
  print: (line: string) => void;
}

/** Shows how credentials and their connections are. */
export async function status({ client, credentialId, asJson, now, print }: StatusOptions): Promise<void> {
  const ids =
    credentialId === undefined
      ? (await client.credentials()).map(({ credential_id }) => credential_id)
      : [credentialId];
  const credentials: CredentialView[] = [];
  for (const id of ids) credentials.push(await wholeCredential(client, id));
  if (asJson) {
    for (const line of JSON.stringify(credentials, undefined, 2).split("\n")) print(line);
    return;
  }
  for (const [index, credential] of credentials.entries()) {
    if (index > 0) print("");
    for (const line of describeCredential(credential, now)) print(line);
  }
}

/** With all of its connections. Any that change their place between two pages can be missed, and that is said. */
async function wholeCredential(client: StatusOptions["client"], id: string): Promise<CredentialView> {
  const credential = await client.credential(id);
  const connections = new Map(credential.connections.map((each) => [each.connection_id, each]));
  let { total_connections: total } = credential;
  for (let offset = credential.connections.length; offset < total;) {
    const page = await client.connections(id, offset);
    ({ total } = page);
    if (page.connections.length === 0) break;
    for (const each of page.connections) connections.set(each.connection_id, each);
    offset += page.connections.length;
  }
  return { ...credential, connections: [...connections.values()], total_connections: total };
}

function describeCredential(credential: CredentialView, now: number): string[] {
  const { name, credential_id, seq, last_event_at, pending_since, connections } = credential;
  const missed = Math.max(0, credential.total_connections - connections.length);
  const last = last_event_at === null ? "no event yet" : `last event ${ago(last_event_at, now)}`;
  const pending = pending_since === null ? "" : `, oldest unsynced ${ago(pending_since, now)}`;
  const head = [
    name === credential_id ? name : `${name} (${credential_id})`,
    `  ${count(seq, "event")}, ${last}${pending}`,
  ];
  if (connections.length === 0) return [...head, "  no connection known"];
  const width = Math.max(...connections.map((connection) => titleOf(connection).length));
  return [
    ...head,
    ...connections.map(
      (connection) =>
        `  ${connection.connection_id}  ${titleOf(connection).padEnd(width)}  ${connection.state_text}`,
    ),
    ...(missed === 0 ? [] : [`  and ${missed} more, which changed meanwhile: ask again`]),
  ];
}

function titleOf({ name, connection_id }: ConnectionView): string {
  return name === "" ? connection_id : name;
}

function ago(iso: string, now: number): string {
  const seconds = Math.floor(Math.max(0, now - Date.parse(iso)) / 1000);
  return `${formatDuration(seconds * 1000)} ago`;
}
