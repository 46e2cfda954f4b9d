import { type AccountOutcomeView, type RemovalView } from "../http/account-schemas.ts";

/** Says how an account is now. */
export function tell({ account, notes }: AccountOutcomeView, print: (line: string) => void): void {
  print(`${account.name} (${account.credential_id})`);
  print(`credential_id: ${account.credential_id}`);
  if (account.webhook_url !== null) print(`webhook: ${account.webhook_url}`);
  if (account.problem !== null) {
    print(`to do: ${account.problem}`);
    print(`events to tick: ${account.dixa_events.join(", ")}`);
  }
  const staleness = account.settings?.max_staleness ?? null;
  if (staleness !== null) print(`a sync at least every ${staleness}`);
  if (account.settings?.dixa_switch_on === true) {
    print("the relay switches its webhook on when it is off in Dixa");
  }
  if (account.old_secret_until !== null) print(`the old secret counts until ${account.old_secret_until}`);
  for (const note of notes) print(`note: ${note}`);
}

/** Says what a removal has stopped. */
export function tellOfRemoval(removal: RemovalView, print: (line: string) => void): void {
  print(`${removal.name} (${removal.credential_id}): removed`);
  for (const { connection_id: id, name } of removal.stopped) {
    print(`no longer synced: ${name === "" ? id : name}`);
  }
  print(
    removal.webhooks_removed === null
      ? "its webhook in Dixa is still there, and refused: switch it off in Dixa"
      : `webhooks taken away in Dixa: ${removal.webhooks_removed}`,
  );
}
