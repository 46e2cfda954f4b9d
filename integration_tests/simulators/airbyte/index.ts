import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

import { type Answer, problems } from "./answers.ts";
import { answerControl } from "./control.ts";
import {
  faultAnswer,
  type FaultRule,
  isAnswered,
  isSilence,
  type Route,
  type Silence,
  strikes,
} from "./faults.ts";
import { type Job, JobBook, type JobPlan, type JobTimings, type RunSync } from "./jobs.ts";
import { type Access, type ApiCall, connectionOf, PublicApi, routeOf } from "./public-api.ts";
import { Rules } from "./rules.ts";
import { Tokens } from "./tokens.ts";
import { type Violation } from "./violations.ts";
import {
  type Connection,
  type ConnectionInput,
  type Source,
  type SourceInput,
  Workspace,
} from "./workspace.ts";

export { ALL_FAULTS, type Fault, type FaultRule, type Route } from "./faults.ts";
export {
  type Attempt,
  hasEnded,
  type Job,
  type JobPlan,
  type JobStatus,
  type RunSync,
  type SyncResult,
  type SyncRun,
} from "./jobs.ts";
export { type Violation } from "./violations.ts";
export { type Connection, type ConnectionStatus, MASK, type Source, WORKSPACE_ID } from "./workspace.ts";

export interface AirbyteSimulatorOptions extends JobTimings, Partial<Access> {
  /** Address to listen on. Default 127.0.0.1; containers reach that of their network's gateway. */
  host?: string;
  /** Default: any that is free. */
  port?: number;
  /** What does the work of a job. Default: time passes. */
  runSync?: RunSync;
  /** Jobs that may run at the same time; the others wait in the queue. Default: all. */
  capacity?: number;
  /** Attempts before a job has failed. Default 1. */
  maxAttempts?: number;
  /** How long POST /jobs takes before it answers, ms. Default 0. */
  startMs?: number;
  /** How long a `stall` lasts, ms. Default 60,000, as in Airbyte. */
  stallMs?: number;
  /** Names of the configuration's fields that are masked. Default `api_token`. */
  secretFields?: readonly string[];
  /** The same seed draws the same faults. */
  seed?: number;
  /** ms UTC */
  now?: () => number;
}

/** One request, as it was answered. */
export interface RequestLog {
  route: Route;
  connectionId: string | undefined;
  /** ms UTC */
  at: number;
  /** ms UTC; undefined while it is under way. */
  endedAt: number | undefined;
  /** 0 if there was no answer. */
  status: number;
  fault: FaultRule["kind"] | undefined;
  /** As the client names itself in `User-Agent`. */
  client: string;
}

const BASE_PATH = "/api/public/v1";
const CONFIGURATION_BASE_PATH = "/api/v1";
export const CLIENT_ID = "sim-client-0001";
export const CLIENT_SECRET = "sim-secret-0123456789";

/**
 * Airbyte's public API v1 over real HTTP on this machine. Its jobs live and, with a runner, sync. It records what a
 * client must never do.
 */
export class AirbyteSimulator {
  readonly workspace: Workspace;
  readonly jobBook: JobBook;
  readonly faults: Rules<FaultRule>;
  readonly tokens: Tokens;
  readonly violations: Violation[] = [];
  /** All requests so far, but for those that control the simulator. */
  readonly requests: RequestLog[] = [];
  /** Most requests that were under way at the same time. */
  mostConcurrent = 0;

  readonly #options: AirbyteSimulatorOptions;
  readonly #api: PublicApi;
  readonly #server: Server;
  readonly #now: () => number;
  readonly #closed = new AbortController();
  #concurrent = 0;

  constructor(options: AirbyteSimulatorOptions = {}) {
    const { now = () => Date.now(), seed = 1, tokenTtlMs = 900_000 } = options;
    this.#options = options;
    this.#now = now;
    this.workspace = new Workspace(now, options.secretFields);
    this.tokens = new Tokens(tokenTtlMs, now);
    this.faults = new Rules(seed, now);
    const onViolation = (violation: Violation) => this.violations.push(violation);
    this.jobBook = new JobBook({ ...options, now, seed, onViolation });
    const { auth = "application", username = "airbyte", password = "password" } = options;
    const { clientId = CLIENT_ID, clientSecret = CLIENT_SECRET, omitExpiresIn = false } = options;
    this.#api = new PublicApi({
      workspace: this.workspace,
      jobs: this.jobBook,
      tokens: this.tokens,
      access: { auth, clientId, clientSecret, username, password, omitExpiresIn, tokenTtlMs },
      now,
      onCancel: (job) => {
        const { connectionId, jobId } = job;
        onViolation({ kind: "cancel", at: now(), connectionId, jobIds: [jobId] });
        this.jobBook.cancel(job);
      },
    });
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        process.stderr.write(`The Airbyte simulator failed: ${String(error)}\n`);
        response.destroy();
      });
    });
  }

  async listen(): Promise<void> {
    this.#server.keepAliveTimeout = 60_000;
    this.#server.listen(this.#options.port ?? 0, this.#options.host ?? "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** The base of the API, as a self-managed Airbyte has it. */
  get url(): string {
    return `${this.origin}${BASE_PATH}`;
  }

  /** The base of the configuration API. */
  get configurationUrl(): string {
    return `${this.origin}${CONFIGURATION_BASE_PATH}`;
  }

  get origin(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  get jobs(): readonly Job[] {
    return this.jobBook.jobs;
  }

  addSource(input?: SourceInput): Source {
    return this.workspace.addSource(input);
  }

  addConnection(input: ConnectionInput): Connection {
    return this.workspace.addConnection(input);
  }

  addFault(rule: FaultRule): void {
    this.faults.add(rule);
  }

  /** Says how the next job goes, or the next of a connection. */
  planJob(plan: JobPlan): void {
    this.jobBook.plans.add(plan);
  }

  /** Starts a sync as Airbyte's own schedule does. Undefined if the connection is busy or not active. */
  startScheduled(connectionId: string): Job | undefined {
    const connection = this.workspace.connections.get(connectionId);
    if (connection?.status !== "active") return undefined;
    return this.jobBook.submit(connection, "sync", "schedule");
  }

  /**
   * The succeeded job that brought what had happened up to `instant` (ms UTC): its last attempt began to read after
   * that.
   */
  coveringJob(connectionId: string, instant: number): Job | undefined {
    return this.jobs.find(
      (job) =>
        job.connectionId === connectionId &&
        job.jobType === "sync" &&
        job.status === "succeeded" &&
        (job.attempts.at(-1)?.startedAt ?? 0) > instant,
    );
  }

  /** Ends what runs and stops listening. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#server.close();
    this.#server.closeAllConnections();
    await this.jobBook.close();
    if (this.#server.listening) await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    const url = new URL(request.url ?? "/", "http://simulator.invalid");
    const body = await text(request).catch(() => "");
    const method = request.method ?? "GET";
    if (url.pathname.startsWith("/_control/")) {
      send(response, answerControl(this, method, url.pathname.slice("/_control".length), body));
      return;
    }
    const isConfiguration = url.pathname.startsWith(`${CONFIGURATION_BASE_PATH}/`);
    const base = isConfiguration ? CONFIGURATION_BASE_PATH : BASE_PATH;
    const path = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : "/unknown";
    const call: ApiCall = {
      ...routeOf(isConfiguration ? "configuration" : "public", method, path),
      path,
      query: url.searchParams,
      authorization: request.headers.authorization,
      contentType: request.headers["content-type"] ?? "",
      client: request.headers["user-agent"] ?? "",
      body,
    };
    const { route } = call;
    const connectionId = connectionOf(call);
    const rule = this.faults.take(connectionId, (candidate) => strikes(candidate, route, url.searchParams));
    const log: RequestLog = {
      route,
      connectionId,
      at: this.#now(),
      endedAt: undefined,
      status: 0,
      fault: rule?.kind,
      client: call.client,
    };
    if (route === "start" && connectionId !== undefined) this.#watchStarts(connectionId, log.client);
    this.requests.push(log);
    this.mostConcurrent = Math.max(this.mostConcurrent, ++this.#concurrent);
    response.once("close", () => {
      this.#concurrent--;
      log.endedAt = this.#now();
    });
    await this.#answer(call, rule, log, response);
  }

  async #answer(
    call: ApiCall,
    rule: FaultRule | undefined,
    log: RequestLog,
    response: ServerResponse,
  ): Promise<void> {
    const { startMs = 0, stallMs = 60_000 } = this.#options;
    const kind = rule?.kind;
    const isLost = kind !== undefined && (isAnswered(kind) || isSilence(kind) || kind === "stall");
    const usual = isLost && rule?.effect !== true ? undefined : this.#api.answer(call, kind);
    await this.#pause((rule?.delayMs ?? 0) + (call.route === "start" ? startMs : 0));
    if (rule?.until !== undefined) await Promise.race([rule.until, once(this.#closed.signal, "abort")]);
    if (kind === "stall") await this.#pause(stallMs);
    if (kind !== undefined && isSilence(kind)) {
      fallSilent(kind, response);
      return;
    }
    const answer =
      kind === "stall"
        ? problems.stateConflict()
        : kind !== undefined && isAnswered(kind)
          ? faultAnswer(kind, log.connectionId ?? "")
          : usual;
    if (answer === undefined) throw new Error(`nothing answers ${call.route}`);
    log.status = answer.status;
    send(response, answer);
  }

  /** Ends early when the simulator is closed; the connection is gone then. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }

  #watchStarts(connectionId: string, client: string): void {
    const isUnanswered = this.requests.some(
      (log) =>
        log.route === "start" &&
        log.connectionId === connectionId &&
        log.client === client &&
        log.endedAt === undefined,
    );
    if (!isUnanswered) return;
    this.violations.push({ kind: "concurrent-start", at: this.#now(), connectionId, jobIds: [] });
  }
}

export async function startAirbyteSimulator(
  options: AirbyteSimulatorOptions = {},
): Promise<AirbyteSimulator> {
  const simulator = new AirbyteSimulator(options);
  await simulator.listen();
  return simulator;
}

function fallSilent(kind: Silence, response: ServerResponse): void {
  if (kind === "reset") response.destroy();
  if (kind !== "cut") return;
  response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
  response.write('{"jobId":1', () => {
    response.destroy();
  });
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(isText ? body : JSON.stringify(body));
}
