import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";

import { activityLogPieces, agents, organization, parseActivityLogQuery, type Reach } from "./api-host.ts";
import { sendBody } from "./body.ts";
import { type Bounds } from "./bounds.ts";
import { Dataset, type DatasetOptions } from "./data/dataset.ts";
import { exportPieces, parseExportQuery } from "./exports-host.ts";
import { answerFault, type Fault, type FaultOptions, FaultPlan, isBodyFault } from "./faults.ts";
import { type Limit, noLimit, slidingWindow, tokenBucket } from "./limits.ts";

export { BOUNDS,type Bounds } from "./bounds.ts";
export { type StreamName } from "./data/dataset.ts";
export { ALL_FAULTS, type Fault, PASSING_FAULTS } from "./faults.ts";

export interface DixaSimulatorOptions extends DatasetOptions {
  /** The API token. At least eight characters with a digit, which is what test suites take for a secret. */
  token?: string;
  /** How the bounds of a window are read. Default "from". */
  bounds?: Bounds;
  /** The activity log compares whole seconds. Default true. */
  wholeSeconds?: boolean;
  /** Default "length". */
  reach?: Reach;
  /** Rows in no order. Default false. */
  shuffle?: boolean;
  /** Compress answers, if the client takes it. Default true. */
  gzip?: boolean;
  /** Time before an answer begins, ms. */
  latencyMs?: number;
  /** Bytes a second of one body, uncompressed. Default: no limit. */
  bytesPerSecond?: number;
  /** Dixa's limits: 10 a minute on the Exports API, 10 a second with a burst of 4 on the Dixa API. Default true. */
  limits?: boolean;
  /** Requests a minute on the Exports API. Default 10. */
  exportsPerMinute?: number;
  /** Rows a page of the activity log has at most. Default 10,000. */
  largestPage?: number;
  faults?: FaultOptions;
  /** Where limits and the `Date` header read the time, ms UTC. */
  now?: () => number;
  /** Ports of the two hosts. Default: any that is free. */
  exportsPort?: number;
  apiPort?: number;
  /** Called while a body is sent, so that a test can change rows meanwhile. */
  onProgress?: () => void;
}

/** One request, as it was answered. */
export interface RequestLog {
  host: "exports" | "api";
  path: string;
  query: Record<string, string>;
  status: number;
  fault: Fault | undefined;
  /** Bytes of the body before compression. */
  bytes: number;
}

const DEFAULT_TOKEN = "sim-token-0123456789";
/** A token of the retired Integrations API: opens the exports, not the Dixa API. */
export const LEGACY_TOKEN = "legacy-token-0123456789";
/** A token that is known and may read nothing. */
export const POWERLESS_TOKEN = "powerless-token-0123456789";

/** Both of Dixa's APIs over real HTTP on this machine, with made-up data and every fault one cares to switch on. */
export class DixaSimulator {
  readonly token: string;
  readonly dataset: Dataset;
  readonly faults: FaultPlan;
  /** All requests so far. */
  readonly requests: RequestLog[] = [];
  /** Most answers that were under way at the same time. */
  mostConcurrent = 0;

  readonly #options: DixaSimulatorOptions;
  readonly #servers: Server[];
  readonly #limits: Readonly<Record<RequestLog["host"], Limit>>;
  readonly #now: () => number;
  #concurrent = 0;

  constructor(options: DixaSimulatorOptions) {
    const { token = DEFAULT_TOKEN, limits = true, exportsPerMinute = 10, seed = 1 } = options;
    this.#options = options;
    this.token = token;
    this.dataset = new Dataset(options);
    this.faults = new FaultPlan(options.faults ?? {}, seed);
    this.#now = options.now ?? (() => Date.now());
    this.#limits = {
      exports: limits ? slidingWindow(exportsPerMinute, 60_000) : noLimit,
      api: limits ? tokenBucket(10, 4) : noLimit,
    };
    this.#servers = (["exports", "api"] as const).map((host) =>
      createServer((request, response) => void this.#answer(host, request, response)),
    );
  }

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

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all(
      this.#servers.filter(({ listening }) => listening).map((server) => once(server, "close")),
    );
  }

  async #answer(host: RequestLog["host"], request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostConcurrent = Math.max(this.mostConcurrent, ++this.#concurrent);
    const url = new URL(request.url ?? "/", "http://simulator.invalid");
    const log: RequestLog = {
      host,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      status: 0,
      fault: undefined,
      bytes: 0,
    };
    this.requests.push(log);
    response.on("error", () => undefined);
    response.setHeader("date", new Date(this.#now()).toUTCString());
    try {
      const { latencyMs = 0 } = this.#options;
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      await this.#route(log, url, request, response);
    } finally {
      log.status ||= response.statusCode;
      this.#concurrent--;
    }
  }

  async #route(log: RequestLog, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, path } = log;
    const refusal = this.#refusal(host, request.headers.authorization);
    if (refusal !== undefined) {
      json(response, refusal, { message: refusal === 401 ? "Unauthorized" : "Forbidden" });
      return;
    }
    if (this.#limits[host].take(this.#now()) > 0) {
      json(response, 429, { message: "Too Many Requests" });
      return;
    }
    const fault = (log.fault = this.faults.draw({ host, path, query: url.searchParams }));
    if (fault !== undefined && !isBodyFault(fault)) {
      answerFault(fault, response);
      return;
    }
    const pieces = this.#pieces(host, url, response, fault === "unclosed");
    if (pieces === undefined) return;
    const { gzip = true, bytesPerSecond, onProgress } = this.#options;
    log.bytes = await sendBody(response, pieces, {
      gzip: gzip && (request.headers["accept-encoding"] ?? "").includes("gzip"),
      fault,
      chance: this.faults.chance(),
      bytesPerSecond,
      onProgress,
    });
  }

  /** The rows that are asked for; undefined if the answer is already given. */
  #pieces(
    host: RequestLog["host"],
    { pathname: path, searchParams: query }: URL,
    response: ServerResponse,
    isUnclosed: boolean,
  ): Iterable<Buffer> | undefined {
    const { bounds = "from", shuffle = false, wholeSeconds = true, reach = "length" } = this.#options;
    const { largestPage } = this.#options;
    if (host === "exports") {
      const asked = parseExportQuery(path, query, bounds);
      if (typeof asked === "object") return exportPieces(this.dataset, asked, shuffle, isUnclosed);
      json(response, asked === undefined ? 404 : 400, { message: asked ?? "Not found" });
      return undefined;
    }
    switch (path) {
      case "/v1/conversations/activitylog": {
        const now = this.#now();
        const asked = parseActivityLogQuery(query, { bounds, wholeSeconds, reach, now, largestPage });
        if (typeof asked === "object") return activityLogPieces(this.dataset, asked, shuffle, isUnclosed);
        json(response, 400, { message: asked });
        return undefined;
      }
      case "/v1/organization":
        return [Buffer.from(JSON.stringify(organization))];
      case "/v1/agents":
        return [Buffer.from(JSON.stringify(agents(Number(query.get("pageLimit") ?? 10))))];
      default:
        json(response, 404, { message: "The requested resource could not be found" });
        return undefined;
    }
  }

  #refusal(host: RequestLog["host"], authorization: string | undefined): 401 | 403 | undefined {
    const forms = (token: string) =>
      host === "exports"
        ? [`Bearer ${token}`, `Basic ${Buffer.from(`bearer:${token}`).toString("base64")}`]
        : [token, `Bearer ${token}`];
    const accepts = (token: string) => forms(token).includes(authorization ?? "");
    if (accepts(POWERLESS_TOKEN)) return 403;
    return accepts(this.token) || (host === "exports" && accepts(LEGACY_TOKEN)) ? undefined : 401;
  }

  #url(index: number): string {
    const address = this.#servers[index]?.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }
}

export async function startDixaSimulator(options: DixaSimulatorOptions = {}): Promise<DixaSimulator> {
  const simulator = new DixaSimulator(options);
  await simulator.listen();
  return simulator;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
