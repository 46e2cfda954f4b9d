import {
  alreadyRunning,
  type Answer,
  configApiConflict,
  errorId,
  gateway,
  problems,
  rateLimited,
  workflowDeleted,
} from "./answers.ts";
import { type Scope } from "./rules.ts";

/** What is asked for. `start` is POST /jobs, `connection-details` the configuration API's; `any` stands for each of them. */
export type Route =
  | "token"
  | "health"
  | "sources"
  | "source"
  | "connections"
  | "connection"
  | "jobs"
  | "job"
  | "start"
  | "cancel"
  | "destination"
  | "workspace"
  | "connection-details"
  | "unknown";

/** Faults that are an answer. */
const ANSWERS = {
  "400": () => errorId(400),
  "401": problems.invalidApiKey,
  "403": problems.forbidden,
  "404": (id) => problems.notFound("connection", id),
  /** Of a proxy whose backend is being replaced. */
  "404-gateway": () => gateway(404),
  "408": () => gateway(408),
  "409-busy": (id) => problems.tryAgainLater(alreadyRunning(id)),
  "409-deleted": (id) => problems.tryAgainLater(workflowDeleted(id)),
  "409-config-api": configApiConflict,
  "409-conflict": problems.stateConflict,
  "422": () => problems.unprocessable("The body of the request was not understood"),
  "429": () => rateLimited,
  "500": problems.unexpected,
  "500-error-id": () => errorId(500),
  "502": () => gateway(502),
  "503": () => gateway(503),
  "504": () => gateway(504),
  "200-html": () => ({ ...gateway(502), status: 200 }),
} as const satisfies Record<string, (connectionId: string) => Answer>;

/** Faults that are none: `hang` never answers, `reset` closes the connection, `cut` breaks off within the answer. */
const SILENCES = ["hang", "reset", "cut"] as const;
/**
 * `200-running` answers with the job that runs, as Airbyte does in the moment between two runs of a connection's
 * workflow; elsewhere it changes nothing.
 * `stall` waits as long as Airbyte waits for the id of a job, then answers 409 as Airbyte does.
 * `drift-skip` and `drift-repeat` move the rows of a list by one between two of its pages.
 */
const OTHERS = ["200-running", "stall", "drift-skip", "drift-repeat"] as const;

export type AnsweredFault = keyof typeof ANSWERS;
export type Silence = (typeof SILENCES)[number];
export type Fault = AnsweredFault | Silence | (typeof OTHERS)[number];

export const ALL_FAULTS: readonly Fault[] = [
  ...(Object.keys(ANSWERS) as AnsweredFault[]),
  ...SILENCES,
  ...OTHERS,
];

export interface FaultRule extends Scope {
  /** Default any. */
  route?: Route | "any";
  kind: Fault;
  /** The request is carried out all the same, and only its answer is lost. Default false. */
  effect?: boolean;
  /** Before the answer, ms. */
  delayMs?: number;
  /** What the answer waits for, too. */
  until?: Promise<unknown>;
}

export function isSilence(kind: Fault): kind is Silence {
  return (SILENCES as readonly Fault[]).includes(kind);
}

export function isAnswered(kind: Fault): kind is AnsweredFault {
  return kind in ANSWERS;
}

export function faultAnswer(kind: AnsweredFault, connectionId: string): Answer {
  return ANSWERS[kind](connectionId);
}

/** Whether a rule strikes a request. */
export function strikes(rule: FaultRule, route: Route, query: URLSearchParams): boolean {
  if (rule.kind.startsWith("drift") && Number(query.get("offset") ?? 0) === 0) return false;
  return rule.route === undefined || rule.route === "any" || rule.route === route;
}
