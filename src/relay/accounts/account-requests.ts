import { type CredentialConfig } from "../config/relay-config.ts";
import { type Connection } from "../store/connection.ts";
import { type SettingsInput } from "./account-input.ts";

export interface NewAccount extends SettingsInput {
  /** Default: a new one. */
  credentialId?: string | undefined;
  name: string;
  /** By hand: from the webhook's page in Dixa. May follow later. */
  webhookSecret?: string | undefined;
  /** An API token of Dixa, with which the relay makes the webhook and fetches its secret. */
  dixaToken?: string | undefined;
  /** Whether to keep the token, so that deliveries can be watched. Default false: it is forgotten. */
  keepToken?: boolean | undefined;
}

export interface AccountChanges extends SettingsInput {
  webhookSecret?: string | undefined;
  dixaToken?: string | undefined;
  /** True: keeps the token that is given; false: forgets the one that is kept. */
  keepToken?: boolean | undefined;
  /** How long the secret of before still counts, ms. Default: a day. */
  overlapMs?: number | undefined;
}

export interface Rotation {
  /** Default: the one that is kept. */
  dixaToken?: string | undefined;
  overlapMs?: number | undefined;
}

export interface AccountOutcome {
  readonly credential: CredentialConfig;
  /** False: it was there before. */
  readonly isNew: boolean;
  /** What the person should know, in sentences. */
  readonly notes: readonly string[];
}

export interface Removal {
  readonly credential: CredentialConfig;
  /** The connections that are synced by the relay no more. */
  readonly stopped: readonly Connection[];
  /** Webhooks taken away in Dixa; undefined: nobody asked for it. */
  readonly webhooksRemoved: number | undefined;
}

/** Within a day, whoever changes a secret at two places has done so. */
export const OVERLAP_MS = 86_400_000;
