import { z } from "zod";

import { abortable } from "../../http/abortable.ts";
import { type Clock } from "../../http/clock.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { describeIssues } from "../protocol/issues.ts";
import { AirbyteApiError } from "./errors.ts";
import { describeProblem, parseProblem } from "./problem.ts";
import { type RequestSender } from "./request-sender.ts";

/** Airbyte's tokens live 15 minutes, before March 2025 three; each answer says it, except on old installations. */
const FALLBACK_LIFETIME_MS = 150_000;
/** A token is renewed so long before its end, but not before four fifths of its life. */
const MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.2;
/** Airbyte Cloud's token endpoint has been seen answering 502 for seconds. */
const MAX_FAILURES = 5;

const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

const answerSchema = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

const claimsSchema = z.looseObject({ exp: z.number(), iat: z.number().optional().catch(undefined) });

interface Token {
  readonly value: string;
  /** From when on it should be renewed, ms UTC. */
  readonly renewAt: number;
  /** ms UTC */
  readonly expiresAt: number;
}

export interface ApplicationTokenOptions {
  sender: RequestSender;
  clientId: string;
  clientSecret: string;
  clock: Clock;
  /** ms */
  timeoutMs: number;
}

/** The access token of an application: fetched when it is first needed, renewed before it ends, by one request at a time. */
export class ApplicationToken {
  readonly #options: ApplicationTokenOptions;
  readonly #closed = new AbortController();
  #token: Token | undefined;
  #renewal: Promise<Token> | undefined;

  constructor(options: ApplicationTokenOptions) {
    this.#options = options;
  }

  /**
   * @throws AirbyteApiError `unauthorized` when Airbyte refuses the application, and others when it has no answer;
   *   HttpError; the signal's reason
   */
  async get(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    const now = this.#options.clock.now();
    const token = this.#token;
    if (token !== undefined && now < token.renewAt) return token.value;
    const renewal = (this.#renewal ??= this.#renew());
    try {
      return (await abortable(renewal, signal)).value;
    } catch (error) {
      signal?.throwIfAborted();
      // Renewing early leaves time to fail.
      if (token !== undefined && this.#token === token && this.#options.clock.now() < token.expiresAt) {
        return token.value;
      }
      throw error;
    }
  }

  /** Airbyte has refused this token, so it is not given out again. */
  discard(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  /** Ends a renewal under way. */
  close(): void {
    this.#closed.abort();
  }

  /** Belongs to no caller: one who gives up must not take the token from the others. */
  async #renew(): Promise<Token> {
    try {
      return (this.#token = await this.#fetch());
    } finally {
      this.#renewal = undefined;
    }
  }

  async #fetch(): Promise<Token> {
    const { sender, clientId, clientSecret, clock, timeoutMs } = this.#options;
    const askedAt = clock.now();
    const isEarly = this.#token !== undefined && askedAt < this.#token.expiresAt;
    let answer: unknown;
    try {
      answer = await sender.send(
        {
          method: "POST",
          path: "/applications/token",
          json: { client_id: clientId, client_secret: clientSecret, "grant-type": "client_credentials" },
          timeoutMs,
          maxFailures: isEarly ? 1 : MAX_FAILURES,
        },
        this.#closed.signal,
      );
    } catch (error) {
      if (!isHttpStatusError(error)) throw error;
      // As an error of its own: what Airbyte says of the token it doesn't say of what the token is for.
      if (!REFUSALS.has(error.status))
        throw new AirbyteApiError("unavailable", error.message, { cause: error });
      const said = describeProblem(error.status, parseProblem(error.status, error.bodyText));
      throw new AirbyteApiError(
        "unauthorized",
        `Airbyte refuses the application's client id and secret (${said}); see Settings > Applications in Airbyte`,
        { cause: error },
      );
    }
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) {
      throw new AirbyteApiError(
        "invalid",
        `Airbyte's answer to the request for a token is not usable: ${describeIssues(parsed.error, answer)}`,
      );
    }
    const { access_token: value, expires_in: seconds } = parsed.data;
    const lifetimeMs = seconds === undefined ? jwtLifetime(value, askedAt) : seconds * 1000;
    const expiresAt = askedAt + lifetimeMs;
    return { value, expiresAt, renewAt: expiresAt - Math.min(MARGIN_MS, lifetimeMs * MARGIN_SHARE) };
  }
}

/**
 * How long the token says it lives, ms. Its own two instants are compared where it has both, since the two clocks may
 * differ.
 */
function jwtLifetime(token: string, now: number): number {
  const claims = claimsSchema.safeParse(decodeClaims(token));
  if (!claims.success) return FALLBACK_LIFETIME_MS;
  const { exp, iat = now / 1000 } = claims.data;
  const lifetimeMs = (exp - iat) * 1000;
  return lifetimeMs > 0 ? lifetimeMs : FALLBACK_LIFETIME_MS;
}

function decodeClaims(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
