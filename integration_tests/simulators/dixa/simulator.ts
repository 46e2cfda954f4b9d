import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { Account } from "./account/account.ts";
import { ConversationChildren } from "./account/conversation-children.ts";
import { Denials } from "./account/denials.ts";
import { expectedRows } from "./account/expected.ts";
import { answerAccount } from "./account/routes.ts";
import { type Row } from "./account/table.ts";
import { activitiesOf, activityLogPieces, parseActivityLogQuery } from "./api-host.ts";
import { sendBody } from "./body.ts";
import { Control } from "./control.ts";
import { answerControl } from "./control-port.ts";
import { Dataset } from "./data/dataset.ts";
import { exportPieces, parseExportQuery } from "./exports-host.ts";
import { answerFault, FaultPlan, isBodyFault } from "./faults.ts";
import { type HostName } from "./host-name.ts";
import { type JsonReply, readJson, sendJson } from "./json.ts";
import { RateLimits } from "./limits.ts";
import { type DixaSimulatorOptions } from "./options.ts";
import { PageKeys } from "./page-keys.ts";
import { shuffled } from "./random.ts";
import { type RequestLog } from "./request-log.ts";
import { authorize, DEFAULT_TOKEN } from "./tokens.ts";
import { WebhookDelivery } from "./webhooks/delivery.ts";
import { answerWebhooks } from "./webhooks/routes.ts";
import { sampleWebhooks } from "./webhooks/samples.ts";
import { Subscriptions } from "./webhooks/subscriptions.ts";

const NOT_FOUND = "The requested resource could not be found";
const HOSTS: readonly HostName[] = ["exports", "api"];
const DEFAULT_LIST_PAGE = 100;
const DEFAULT_END_USERS = 250;
const DEFAULT_GONE_SHARE = 0.03;

function failure(status: number, message: string): JsonReply {
  return { status, body: { message } };
}

/** Both of Dixa's APIs over real HTTP on this machine, with made-up data and every fault one cares to switch on. */
export class DixaSimulator {
  readonly token: string;
  readonly dataset: Dataset;
  readonly account: Account;
  /** Which paths of the Dixa API may not be read. */
  readonly denials = new Denials();
  readonly faults: FaultPlan;
  readonly subscriptions: Subscriptions;
  readonly webhooks: WebhookDelivery;
  readonly control: Control;
  /** All requests so far, those to the control port aside. */
  readonly requests: RequestLog[] = [];
  /** Most answers that were under way at the same time. */
  mostConcurrent = 0;

  readonly #options: DixaSimulatorOptions;
  readonly #servers: readonly Server[];
  readonly #limits: RateLimits;
  readonly #now: () => number;
  readonly #children: ConversationChildren;
  readonly #pageKeys: PageKeys;
  #concurrent = 0;

  constructor(options: DixaSimulatorOptions) {
    const { token = DEFAULT_TOKEN, limits = true, exportsPerMinute = 10, seed = 1 } = options;
    this.#options = options;
    const now = (this.#now = options.now ?? (() => Date.now()));
    this.token = token;
    this.dataset = new Dataset(options);
    this.account = new Account({
      endUsers: options.endUsers ?? DEFAULT_END_USERS,
      zones: this.dataset.zoneNames,
    });
    this.#children = new ConversationChildren(this.dataset, options.goneShare ?? DEFAULT_GONE_SHARE);
    this.#pageKeys = new PageKeys(options.pageKeys ?? "lasting");
    this.faults = new FaultPlan(options.faults ?? {}, seed);
    this.subscriptions = new Subscriptions(now);
    this.webhooks = new WebhookDelivery(this.subscriptions, { ...options.webhooks, seed, now });
    this.control = new Control({
      dataset: this.dataset,
      account: this.account,
      webhooks: this.webhooks,
      now,
    });
    for (const sample of sampleWebhooks(options.sampleWebhooks ?? 0)) this.subscriptions.create(sample);
    this.#limits = new RateLimits({ isOn: limits, exportsPerMinute });
    this.#servers = HOSTS.map((host) =>
      createServer((request, response) => void this.#answer(host, request, response)),
    );
  }

  /** @throws Error if a port is taken */
  async listen(): Promise<void> {
    const ports = [this.#options.exportsPort ?? 0, this.#options.apiPort ?? 0];
    for (const [index, server] of this.#servers.entries()) {
      server.keepAliveTimeout = 60_000;
      server.listen(ports[index], "127.0.0.1");
      await once(server, "listening");
    }
  }

  get exportsUrl(): string {
    return this.#url(0);
  }

  get apiUrl(): string {
    return this.#url(1);
  }

  /** A configuration of the connector that reads all of this simulator's data. */
  config(more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      api_token: this.token,
      start_date: new Date(this.dataset.span.lo).toISOString().slice(0, 10),
      exports_url: this.exportsUrl,
      api_url: this.apiUrl,
      ...more,
    };
  }

  /** As {@link expectedRows}. */
  expectedRows(stream: string): Generator<Row, void, undefined> {
    const { account, dataset, subscriptions } = this;
    return expectedRows(stream, { account, children: this.#children, dataset, subscriptions });
  }

  async close(): Promise<void> {
    const closed = this.#servers
      .filter(({ listening }) => listening)
      .map(async (server) => {
        const closing = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closing;
      });
    await Promise.all([this.webhooks.close(), ...closed]);
  }

  async #answer(host: HostName, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostConcurrent = Math.max(this.mostConcurrent, ++this.#concurrent);
    const startedAt = performance.now();
    const { method = "GET" } = request;
    const url = URL.parse(request.url ?? "/", "http://simulator.invalid");
    const query = Object.fromEntries(url?.searchParams ?? []);
    const path = url?.pathname ?? "";
    const log: RequestLog = {
      host,
      method,
      path,
      query,
      status: 0,
      fault: undefined,
      bytes: 0,
      durationMs: 0,
    };
    response.on("error", () => undefined);
    response.setHeader("date", new Date(this.#now()).toUTCString());
    try {
      if (url === null) sendJson(response, failure(400, "the address can't be read"));
      else if (!(await this.#answerControl(log, request, response))) {
        this.requests.push(log);
        const { latencyMs = 0 } = this.#options;
        if (latencyMs > 0) await delay(latencyMs);
        await this.#route(log, url.searchParams, request, response);
      }
    } finally {
      if (response.headersSent) log.status = response.statusCode;
      log.durationMs = performance.now() - startedAt;
      this.#concurrent--;
    }
    this.#options.onRequest?.(log);
  }

  async #answerControl(
    { host, method, path }: RequestLog,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    if (host !== "api" || this.#options.control !== true || !path.startsWith("/__control/")) return false;
    const body = (await readJson(request)) ?? {};
    const reply = await answerControl({ method, path, body }, this);
    sendJson(response, reply ?? failure(404, "Not found"));
    return true;
  }

  async #route(
    log: RequestLog,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { host, path } = log;
    const access = authorize(host, request.headers.authorization, this.token);
    if ("refusal" in access) {
      sendJson(response, failure(access.refusal, access.refusal === 401 ? "Unauthorized" : "Forbidden"));
      return;
    }
    const waitMs = this.#limits.take(host, access.token, this.#now());
    if (waitMs > 0) {
      if (this.#options.retryAfter === true) response.setHeader("retry-after", Math.ceil(waitMs / 1000));
      sendJson(response, failure(429, "Too Many Requests"));
      return;
    }
    const fault = (log.fault = this.faults.draw({ host, path, query }));
    if (fault !== undefined && !isBodyFault(fault)) {
      answerFault(fault, response);
      return;
    }
    const reply =
      host === "exports" ? this.#exports(log, query) : await this.#api(log, query, request, response);
    if (Symbol.iterator in reply) {
      const { gzip = true, bytesPerSecond, onProgress } = this.#options;
      log.bytes = await sendBody(response, reply, {
        gzip: gzip && (request.headers["accept-encoding"] ?? "").includes("gzip"),
        fault,
        chance: this.faults.chance(),
        bytesPerSecond,
        onProgress,
      });
    } else sendJson(response, reply);
  }

  #exports({ method, path }: RequestLog, query: URLSearchParams): Iterable<Buffer> | JsonReply {
    const { bounds = "from", shuffle = false } = this.#options;
    const asked = method === "GET" ? parseExportQuery(path, query, bounds) : undefined;
    if (asked === undefined) return failure(404, "Not found");
    return typeof asked === "string" ? failure(400, asked) : exportPieces(this.dataset, asked, shuffle);
  }

  async #api(
    { method, path }: RequestLog,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Iterable<Buffer> | JsonReply> {
    const denied = this.denials.statusOf(path);
    if (denied !== undefined) return failure(denied, denied === 403 ? "Forbidden" : NOT_FOUND);
    const body = await readJson(request);
    const webhooks = answerWebhooks({ method, path, body }, this.subscriptions, this.webhooks.log);
    if (webhooks !== undefined) return streamed(webhooks, response);
    if (method !== "GET") return failure(404, NOT_FOUND);
    if (path === "/v1/conversations/activitylog") return this.#activityLog(query);
    const conversation = /^\/v1\/conversations\/(\d+)\/activitylog$/.exec(path)?.[1];
    if (conversation !== undefined) return activitiesOf(this.dataset, Number(conversation));
    const { largestListPage = DEFAULT_LIST_PAGE, emptyPageEvery, shuffle = false, seed = 1 } = this.#options;
    const { largestChildPage } = this.#options;
    const keys = this.#pageKeys;
    const reply = answerAccount(path, query, {
      account: this.account,
      children: this.#children,
      paging: { largest: largestListPage, emptyEvery: emptyPageEvery, keys },
      childPaging:
        largestChildPage === undefined
          ? undefined
          : { largest: largestChildPage, emptyEvery: undefined, keys },
      now: this.#now(),
      inOrder: (rows) =>
        shuffle ? Array.from(shuffled(rows.length, seed), (index) => rows[index] ?? {}) : rows,
    });
    return reply === undefined ? failure(404, NOT_FOUND) : streamed(reply, response);
  }

  #activityLog(query: URLSearchParams): Iterable<Buffer> | JsonReply {
    const { bounds = "from", shuffle = false, wholeSeconds = true, reach = "length" } = this.#options;
    const { largestPage } = this.#options;
    const now = this.#now();
    const keys = this.#pageKeys;
    const asked = parseActivityLogQuery(query, { bounds, wholeSeconds, reach, now, largestPage, keys });
    if (asked === undefined) return [Buffer.from('{"meta":{},"data":[]}')];
    return typeof asked === "string"
      ? failure(400, asked)
      : activityLogPieces(this.dataset, asked, keys, shuffle);
  }

  #url(index: number): string {
    const address = this.#servers[index]?.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }
}

/** A good answer as the one piece of a body, so that faults strike it too; any other as it is. */
function streamed(reply: JsonReply, response: ServerResponse): Iterable<Buffer> | JsonReply {
  if (reply.status >= 300 || reply.body === undefined) return reply;
  response.statusCode = reply.status;
  return [Buffer.from(JSON.stringify(reply.body))];
}
