import { type z } from "zod";

import { type Clock } from "../../http/clock.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { type RateBudget, tokenBucketBudget } from "../../http/rate-budget.ts";
import { type AirbyteAuth, type Authorizer, authorizerOf } from "./authorization.ts";
import { isAirbyteApiError, toAirbyteApiError } from "./errors.ts";
import {
  type AirbyteConnection,
  type AirbyteJob,
  type AirbyteSource,
  connectionSchema,
  jobSchema,
  pageSchema,
  sourceSchema,
} from "./model.ts";
import { type PagedList, pagedList } from "./paged-list.ts";
import { parseAnswer } from "./parse-answer.ts";
import { type ApiRequest, RequestSender } from "./request-sender.ts";
import { Slots } from "./slots.ts";
import { classifyStartFailure, type StartOutcome } from "./start-outcome.ts";

export interface AirbyteApiOptions {
  /** `https://api.airbyte.com/v1`, or `<host>/api/public/v1` of a self-managed Airbyte. */
  url: string;
  auth: AirbyteAuth;
  clock: Clock;
  userAgent: string;
  /** Shared by all requests, token requests included. Default: one a second, five at once after a pause. */
  budget?: RateBudget | undefined;
  /** Requests under way at most. Default 2: a self-managed Airbyte serves its API with five threads. */
  concurrency?: number | undefined;
  /** Time until POST /jobs is answered, ms. Default 90,000: Airbyte itself may take a minute. */
  startTimeoutMs?: number | undefined;
  /** Time until any other request is answered, ms. Default 15,000. */
  timeoutMs?: number | undefined;
  /**
   * Told of each row of a list that can't be read, and is left out; the others are given. Without it, and when no row
   * of a page can be read, the list fails.
   */
  onUnreadableRow?: ((fault: string) => void) | undefined;
}

const START_TIMEOUT_MS = 90_000;
const TIMEOUT_MS = 15_000;
const CONCURRENCY = 2;
const PER_SECOND = 1;
const BURST = 5;
/** Failures in a row that end a read: a short outage is bridged here, a longer one is the caller's. */
const READ_FAILURES = 3;

/**
 * Airbyte's public API v1. It never cancels a job, whatever happens.
 *
 * All methods but `startSync` throw AirbyteApiError; all throw the signal's reason.
 */
export class AirbyteApi {
  readonly #sender: RequestSender;
  readonly #authorizer: Authorizer;
  readonly #slots: Slots;
  readonly #startTimeoutMs: number;
  readonly #timeoutMs: number;
  readonly #onUnreadableRow: AirbyteApiOptions["onUnreadableRow"];

  constructor(options: AirbyteApiOptions) {
    const { url, auth, clock, userAgent, concurrency = CONCURRENCY, timeoutMs = TIMEOUT_MS } = options;
    const budget = options.budget ?? tokenBucketBudget({ perSecond: PER_SECOND, burst: BURST, clock });
    this.#sender = new RequestSender({ url, userAgent, clock, budget, concurrency });
    this.#authorizer = authorizerOf(auth, { sender: this.#sender, clock, timeoutMs });
    this.#slots = new Slots(concurrency);
    this.#startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS;
    this.#timeoutMs = timeoutMs;
    this.#onUnreadableRow = options.onUnreadableRow;
  }

  /** Every source of these workspaces that isn't deleted; of all that the application may see if none is named. */
  listSources(workspaceIds: readonly string[] = [], signal?: AbortSignal): AsyncIterable<AirbyteSource> {
    return this.#list("/sources", workspaceIds, sourceSchema, ({ sourceId }) => sourceId, signal);
  }

  /**
   * Every connection of these workspaces that isn't deleted; of all that the application may see if none is named.
   * Rows that move between two pages can be missed, so a connection that isn't listed may well exist.
   */
  listConnections(
    workspaceIds: readonly string[] = [],
    signal?: AbortSignal,
  ): AsyncIterable<AirbyteConnection> {
    return this.#list(
      "/connections",
      workspaceIds,
      connectionSchema,
      ({ connectionId }) => connectionId,
      signal,
    );
  }

  /** Undefined if Airbyte doesn't know it. */
  async getConnection(connectionId: string, signal?: AbortSignal): Promise<AirbyteConnection | undefined> {
    return this.#find(`/connections/${encodeURIComponent(connectionId)}`, connectionSchema, signal);
  }

  /** Asks Airbyte for a sync, once. Whatever comes back is an outcome; only the signal makes it throw. */
  async startSync(connectionId: string, signal?: AbortSignal): Promise<StartOutcome> {
    try {
      const answer = await this.#send(
        {
          method: "POST",
          path: "/jobs",
          json: { connectionId, jobType: "sync" },
          timeoutMs: this.#startTimeoutMs,
          maxFailures: 1,
        },
        signal,
      );
      return { kind: "triggered", job: parseAnswer(jobSchema, answer, "POST /jobs") };
    } catch (error) {
      signal?.throwIfAborted();
      return classifyStartFailure(error);
    }
  }

  /** Undefined if Airbyte doesn't know it. */
  async getJob(jobId: number, signal?: AbortSignal): Promise<AirbyteJob | undefined> {
    return this.#find(`/jobs/${jobId}`, jobSchema, signal);
  }

  /** The connection's newest job of type sync, if there is one. */
  async latestSyncJob(connectionId: string, signal?: AbortSignal): Promise<AirbyteJob | undefined> {
    const query = { connectionId, jobType: "sync", orderBy: "createdAt|DESC", limit: "1" };
    const { data } = parseAnswer(pageSchema, await this.#read("/jobs", query, signal), "GET /jobs");
    return data[0] === undefined ? undefined : parseAnswer(jobSchema, data[0], "GET /jobs");
  }

  /** Closes all connections; requests under way fail. */
  close(): void {
    this.#authorizer.close();
    this.#sender.close();
  }

  #list<T>(
    path: string,
    workspaceIds: readonly string[],
    schema: z.ZodType<T>,
    idOf: (item: T) => string,
    signal: AbortSignal | undefined,
  ): AsyncIterable<T> {
    const read: PagedList<T>["read"] = (query) => this.#read(path, query, signal);
    return pagedList({ path, workspaceIds, schema, idOf, read, onUnreadableRow: this.#onUnreadableRow });
  }

  async #find<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    try {
      return parseAnswer(schema, await this.#read(path, {}, signal), `GET ${path}`);
    } catch (error) {
      if (isAirbyteApiError(error) && error.kind === "not_found") return undefined;
      throw error;
    }
  }

  /** @throws AirbyteApiError; the signal's reason */
  async #read(path: string, query: ApiRequest["query"], signal: AbortSignal | undefined): Promise<unknown> {
    try {
      return await this.#send(
        { method: "GET", path, query, timeoutMs: this.#timeoutMs, maxFailures: READ_FAILURES },
        signal,
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw toAirbyteApiError(error);
    }
  }

  /** @throws HttpError; AirbyteApiError; the signal's reason */
  async #send(request: ApiRequest, signal: AbortSignal | undefined): Promise<unknown> {
    return this.#slots.hold(async () => {
      const authorization = await this.#authorizer.header(signal);
      try {
        return await this.#sender.send({ ...request, authorization }, signal);
      } catch (error) {
        const isRefused = isHttpStatusError(error) && error.status === 401;
        if (!isRefused || !this.#authorizer.refused(authorization)) throw error;
        // A token can end before its time: a restarted server may have new keys.
        const renewed = await this.#authorizer.header(signal);
        return await this.#sender.send({ ...request, authorization: renewed }, signal);
      }
    }, signal);
  }
}
