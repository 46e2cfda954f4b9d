import fetch, { type Response } from "node-fetch";
import { type z } from "zod";

import { VERSION } from "../../version.ts";
import {
  type accountChangesSchema,
  accountOutcomeSchema,
  type AccountOutcomeView,
  type newAccountSchema,
  removalSchema,
  type RemovalView,
  type rotationSchema,
} from "../http/account-schemas.ts";
import { errorSchema } from "../http/errors.ts";
import {
  connectionPageSchema,
  type ConnectionPageView,
  connectionSchema,
  type ConnectionView,
  credentialListSchema,
  credentialSchema,
  type CredentialSummaryView,
  type CredentialView,
} from "../http/schemas.ts";
import { syncSchema, type SyncView } from "../http/sync-schemas.ts";
import { CommandError } from "./command-error.ts";

export interface RelayClientOptions {
  url: string;
  token: string;
  /** Time until an answer is complete, ms. Default 90,000. */
  timeoutMs?: number;
}

/** How long the relay may take, which asks Dixa several things in turn, ms. */
const TIMEOUT_MS = 90_000;
/** Connections in an answer. */
const PAGE = 100;
const TOKEN_HEADER = "x-dixa-api-token";

/** No answer came; the relay may be starting anew. */
export class RelayUnreachableError extends CommandError {
  readonly isPassing = true;
}

export function isUnreachable(error: unknown): boolean {
  return error instanceof Error && "isPassing" in error;
}

/** A running relay, as the commands see it. All methods throw CommandError. */
export class RelayClient {
  readonly #url: string;
  readonly #token: string;
  readonly #timeoutMs: number;

  constructor({ url, token, timeoutMs = TIMEOUT_MS }: RelayClientOptions) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new CommandError(`${url} is no address of a relay. Give one such as http://127.0.0.1:8080.`);
    }
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  async credentials(): Promise<CredentialSummaryView[]> {
    const { credentials } = await this.#call("GET", "/v1/credentials", credentialListSchema);
    return credentials;
  }

  /** With the first of its connections; {@link RelayClient.connections} has more. */
  credential(id: string): Promise<CredentialView> {
    return this.#call("GET", `/v1/credentials/${encodeURIComponent(id)}?limit=${PAGE}`, credentialSchema);
  }

  /** So many connections of a credential after the first `offset`. */
  connections(credentialId: string, offset: number): Promise<ConnectionPageView> {
    const path = `/v1/credentials/${encodeURIComponent(credentialId)}/connections`;
    return this.#call("GET", `${path}?limit=${PAGE}&offset=${offset}`, connectionPageSchema);
  }

  sync(credentialId: string): Promise<SyncView> {
    return this.#call("POST", `/v1/credentials/${encodeURIComponent(credentialId)}/sync`, syncSchema, {
      alsoFine: [424],
    });
  }

  /** What has become of a request for a sync. @param seq its number */
  syncProgress(credentialId: string, seq: number): Promise<SyncView> {
    return this.#call("GET", `/v1/credentials/${encodeURIComponent(credentialId)}/sync/${seq}`, syncSchema, {
      alsoFine: [424],
    });
  }

  change(connectionId: string, action: "forget" | "park" | "retry" | "unpark"): Promise<ConnectionView> {
    return this.#call(
      "POST",
      `/v1/connections/${encodeURIComponent(connectionId)}/${action}`,
      connectionSchema,
    );
  }

  createCredential(account: z.infer<typeof newAccountSchema>): Promise<AccountOutcomeView> {
    return this.#call("POST", "/v1/credentials", accountOutcomeSchema, { body: account });
  }

  changeCredential(id: string, changes: z.infer<typeof accountChangesSchema>): Promise<AccountOutcomeView> {
    return this.#call("PATCH", `/v1/credentials/${encodeURIComponent(id)}`, accountOutcomeSchema, {
      body: changes,
    });
  }

  rotateCredential(id: string, rotation: z.infer<typeof rotationSchema>): Promise<AccountOutcomeView> {
    return this.#call("POST", `/v1/credentials/${encodeURIComponent(id)}/rotate`, accountOutcomeSchema, {
      body: rotation,
    });
  }

  removeCredential(id: string, takesWebhook: boolean, dixaToken: string | undefined): Promise<RemovalView> {
    const query = takesWebhook ? "?webhook=remove" : "";
    return this.#call("DELETE", `/v1/credentials/${encodeURIComponent(id)}${query}`, removalSchema, {
      headers: takesWebhook && dixaToken !== undefined ? { [TOKEN_HEADER]: dixaToken } : {},
    });
  }

  async #call<T>(
    method: "DELETE" | "GET" | "PATCH" | "POST",
    path: string,
    schema: z.ZodType<T>,
    {
      body,
      headers = {},
      alsoFine = [],
    }: { body?: unknown; headers?: Record<string, string>; alsoFine?: readonly number[] } = {},
  ): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          "user-agent": `dixa-relay/${VERSION}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      text = await response.text();
    } catch (error) {
      throw new RelayUnreachableError(
        `The relay at ${this.#url} does not answer (${reasonOf(error)}). Is it running? Give its address by --url or RELAY_URL.`,
        { cause: error },
      );
    }
    if (!response.ok && !alsoFine.includes(response.status)) throw this.#refusal(response.status, text);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new CommandError(
      `What answers at ${this.#url} is not a relay of this version (${VERSION}). Check the address after --url.`,
    );
  }

  #refusal(status: number, text: string): CommandError {
    const said = errorSchema.safeParse(parseJson(text));
    if (status === 401) {
      return new CommandError(
        "The relay does not accept the token. Give its admin_token by --token or RELAY_ADMIN_TOKEN.",
      );
    }
    const message = said.success ? said.data.message : `It answered with status ${status}.`;
    return status === 503
      ? new RelayUnreachableError(`The relay can't do it now: ${message}`)
      : new CommandError(`The relay did not do it: ${message}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "no reason given";
  if ("code" in error && typeof error.code === "string") return error.code;
  return "name" in error && error.name === "AbortError" ? "no answer in time" : "connection failed";
}
