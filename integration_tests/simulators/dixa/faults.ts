import { type ServerResponse } from "node:http";

import { type HostName } from "./host-name.ts";
import { generator, pick } from "./random.ts";

/** Faults that are an answer of their own. */
const ANSWERS = {
  "401": { status: 401, body: '{"message":"Unauthorized"}' },
  "403": { status: 403, body: '{"message":"Forbidden"}' },
  "404": { status: 404, body: '{"message":"The requested resource could not be found"}' },
  "408": { status: 408, body: "" },
  "429": { status: 429, body: '{"message":"Too Many Requests"}' },
  "429-retry-after": { status: 429, body: "", headers: { "retry-after": "7" } },
  "500": { status: 500, body: '{"message":"There was an internal server error"}' },
  "502": { status: 502, body: "" },
  "502-html": {
    status: 502,
    body: "<html><h1>Bad gateway</h1></html>",
    headers: { "content-type": "text/html" },
  },
  "503": { status: 503, body: "", headers: { "retry-after": "3" } },
  "504": { status: 504, body: "" },
  "200-html": {
    status: 200,
    body: "<html><h1>Please wait</h1></html>",
    headers: { "content-type": "text/html" },
  },
  object: { status: 200, body: '{"message":"not an array"}' },
  empty: { status: 200, body: "" },
} as const;

/**
 * Faults that strike while a good answer is under way. `cut`: the connection breaks in a chunked body. `short`: it is
 * closed, politely, before the promised `content-length`. `cut-gzip`: the compressed body ends early and politely.
 * `unclosed`: so does the JSON. `garbage`: bytes that are no JSON stand in the middle. `stall`: no more bytes, for ever.
 */
const BODIES = ["cut", "short", "cut-gzip", "unclosed", "garbage", "stall"] as const;

/** `reset` closes the connection before anything was said. */
export type Fault = keyof typeof ANSWERS | (typeof BODIES)[number] | "reset";
export type BodyFault = (typeof BODIES)[number];

/** All faults that heal when the request is sent again. */
export const PASSING_FAULTS: readonly Fault[] = [
  "408",
  "429",
  "429-retry-after",
  "500",
  "502",
  "502-html",
  "503",
  "504",
  "200-html",
  "object",
  "empty",
  "cut",
  "short",
  "cut-gzip",
  "unclosed",
  "garbage",
  "stall",
  "reset",
];

export const ALL_FAULTS: readonly Fault[] = [...PASSING_FAULTS, "401", "403", "404"];

export function isBodyFault(fault: Fault | undefined): fault is BodyFault {
  return BODIES.some((name) => name === fault);
}

/** Sends a fault that is an answer of its own, or none at all. */
export function answerFault(fault: Exclude<Fault, BodyFault>, response: ServerResponse): void {
  if (fault === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, body, ...rest } = ANSWERS[fault];
  response.writeHead(status, {
    "content-type": "application/json",
    ...("headers" in rest ? rest.headers : {}),
  });
  response.end(body);
}

export interface FaultRequest {
  host: HostName;
  path: string;
  query: URLSearchParams;
}

export interface FaultOptions {
  /** Share of requests that fail, 0 to 1. */
  rate?: number;
  /** Which faults happen by rate. Default: all that pass. */
  kinds?: readonly Fault[];
  /** Decides for a request; what it leaves undecided goes by rate. */
  decide?: (request: FaultRequest) => Fault | undefined;
}

/** Decides which requests fail, and how. */
export class FaultPlan {
  readonly #random: () => number;
  readonly #next: Fault[] = [];
  #options: FaultOptions;

  constructor(options: FaultOptions, seed: number) {
    this.#options = options;
    this.#random = generator(seed + 1000);
  }

  /** From now on. */
  set(options: FaultOptions): void {
    this.#options = options;
  }

  /** Strikes the next requests, one after the other. */
  next(...faults: Fault[]): void {
    this.#next.push(...faults);
  }

  draw(request: FaultRequest): Fault | undefined {
    const { rate = 0, kinds = PASSING_FAULTS, decide } = this.#options;
    const decided = this.#next.shift() ?? decide?.(request);
    if (decided !== undefined) return decided;
    return this.#random() < rate ? pick(kinds, this.#random()) : undefined;
  }

  /** A number in [0, 1): how far into a body a fault strikes. */
  chance(): number {
    return this.#random();
  }
}
