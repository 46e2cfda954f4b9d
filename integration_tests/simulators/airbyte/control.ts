import { z } from "zod";

import { type Answer } from "./answers.ts";
import { ALL_FAULTS, type FaultRule } from "./faults.ts";
import { type Job, type JobBook, type JobPlan } from "./jobs.ts";
import { type Tokens } from "./tokens.ts";
import {
  type Connection,
  type ConnectionInput,
  type Source,
  type SourceInput,
  type Workspace,
} from "./workspace.ts";

const scope = {
  connectionId: z.string().optional(),
  times: z.int().positive().optional(),
  rate: z.number().min(0).max(1).optional(),
  untilMs: z.number().optional(),
};
const faultSchema = z.strictObject({
  ...scope,
  route: z.string().optional(),
  kind: z.string().refine((kind) => (ALL_FAULTS as readonly string[]).includes(kind), "is no fault"),
  effect: z.boolean().optional(),
  delayMs: z.number().optional(),
});
const planSchema = z.strictObject({
  ...scope,
  queuedMs: z.number().optional(),
  runningMs: z.number().optional(),
  failedAttempts: z.int().optional(),
  cancelled: z.enum(["queued", "running"]).optional(),
});
const statusSchema = z.strictObject({ status: z.enum(["active", "inactive", "deprecated", "locked"]) });
const scheduleSchema = z.strictObject({ connectionId: z.string() });

/** What there is to see and to change of a simulator. */
interface Controlled {
  readonly workspace: Workspace;
  readonly jobBook: JobBook;
  readonly tokens: Tokens;
  readonly faults: { clear(): void };
  readonly jobs: readonly Job[];
  readonly violations: readonly unknown[];
  readonly requests: readonly unknown[];
  readonly mostConcurrent: number;
  addFault(rule: FaultRule): void;
  planJob(plan: JobPlan): void;
  addSource(input: SourceInput): Source;
  addConnection(input: ConnectionInput): Connection;
  startScheduled(connectionId: string): Job | undefined;
}

/**
 * What tests of other processes use to see and change what happens here: `GET /state`; `POST` and `DELETE` of
 * `/faults` and `/plans`; `POST /sources`, `/connections`, `/connections/{id}`, `/scheduled`, `/tokens/revoke`.
 */
export function answerControl(simulator: Controlled, method: string, path: string, body: string): Answer {
  try {
    return ok(act(simulator, `${method} ${path}`, body === "" ? {} : JSON.parse(body)));
  } catch (error) {
    return { status: 400, body: { message: error instanceof Error ? error.message : String(error) } };
  }
}

function act(simulator: Controlled, what: string, input: unknown): unknown {
  const { workspace, jobs, violations, requests, mostConcurrent } = simulator;
  switch (what) {
    case "GET /state": {
      const connections = [...workspace.connections.values()];
      return { jobs, violations, requests, mostConcurrent, connections };
    }
    case "POST /faults":
      simulator.addFault(faultSchema.parse(input) as FaultRule);
      return {};
    case "DELETE /faults":
      simulator.faults.clear();
      return {};
    case "POST /plans":
      simulator.planJob(planSchema.parse(input) as JobPlan);
      return {};
    case "DELETE /plans":
      simulator.jobBook.plans.clear();
      return {};
    case "POST /sources":
      return simulator.addSource(z.looseObject({}).parse(input));
    case "POST /connections":
      return simulator.addConnection(z.looseObject({ sourceId: z.string() }).parse(input));
    case "POST /scheduled":
      return simulator.startScheduled(scheduleSchema.parse(input).connectionId) ?? {};
    case "POST /tokens/revoke":
      simulator.tokens.revokeAll();
      return {};
    default:
      return setStatus(simulator, what, input);
  }
}

function setStatus(simulator: Controlled, what: string, input: unknown): unknown {
  const id = /^POST \/connections\/(.+)$/.exec(what)?.[1] ?? "";
  const connection = simulator.workspace.connections.get(id);
  if (connection === undefined) throw new Error(`${what} is nothing that can be controlled`);
  connection.status = statusSchema.parse(input).status;
  return connection;
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}
