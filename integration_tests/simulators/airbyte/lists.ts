import { type Answer, errorId } from "./answers.ts";
import { duration, offsetDateTime } from "./java-time.ts";
import { hasEnded, type Job } from "./jobs.ts";

/** Where links to other pages lead: the name of a server inside, which no client outside can reach. */
const INSIDE = "http://airbyte-server-svc.invalid:8001/api/public/v1";
const DEFAULT_LIMIT = 20;
const LARGEST_LIMIT = 100;

/** A page of rows, or a refusal. */
export function page(path: string, rows: readonly unknown[], query: URLSearchParams, shift = 0): Answer {
  const limit = integer(query.get("limit"), DEFAULT_LIMIT);
  const offset = integer(query.get("offset"), 0);
  if (!(limit >= 1 && limit <= LARGEST_LIMIT && offset >= 0)) return errorId(400);
  const from = Math.max(0, offset + (offset === 0 ? 0 : shift));
  const data = rows.slice(from, from + limit);
  const link = (to: number) => {
    const url = new URL(INSIDE + path);
    for (const [name, value] of query) url.searchParams.append(name, value);
    url.searchParams.set("limit", String(limit));
    url.searchParams.set("offset", String(to));
    return url.href;
  };
  return {
    status: 200,
    body: {
      previous: offset === 0 ? "" : link(Math.max(0, offset - limit)),
      // The last page links on too; only an empty one doesn't.
      next: data.length === 0 ? "" : link(offset + limit),
      data,
    },
  };
}

function integer(text: string | null, fallback: number): number {
  if (text === null) return fallback;
  return /^-?\d+$/.test(text) ? Number(text) : NaN;
}

/** A job as the API shows it. */
export function jobView(job: Job, now: number): Record<string, unknown> {
  const { jobId, status, jobType, connectionId, bytesSynced, rowsSynced } = job;
  const end = hasEnded(job) ? job.updatedAt : now;
  return {
    jobId,
    status,
    jobType,
    startTime: offsetDateTime(job.createdAt),
    connectionId,
    ...(hasEnded(job) ? { lastUpdatedAt: offsetDateTime(job.updatedAt) } : {}),
    ...(status === "pending" ? {} : { duration: duration(end - job.createdAt) }),
    ...(bytesSynced === undefined ? {} : { bytesSynced }),
    ...(rowsSynced === undefined ? {} : { rowsSynced }),
  };
}

const ORDERS: Readonly<Record<string, (a: Job, b: Job) => number>> = {
  "createdAt|ASC": (a, b) => a.jobId - b.jobId,
  "createdAt|DESC": (a, b) => b.jobId - a.jobId,
  "updatedAt|ASC": (a, b) => a.updatedAt - b.updatedAt || a.jobId - b.jobId,
  "updatedAt|DESC": (a, b) => b.updatedAt - a.updatedAt || b.jobId - a.jobId,
};

/** The jobs that the filters of GET /jobs let through, in the order that it asks for; undefined if it is none. */
export function selectJobs(
  jobs: readonly Job[],
  query: URLSearchParams,
  workspaceOf: (job: Job) => string | undefined,
): Job[] | undefined {
  const order = ORDERS[query.get("orderBy") ?? "createdAt|DESC"];
  const instants = ["createdAtStart", "createdAtEnd", "updatedAtStart", "updatedAtEnd"] as const;
  const [createdFrom, createdTo, updatedFrom, updatedTo] = instants.map((name) => instant(query.get(name)));
  if (order === undefined || [createdFrom, createdTo, updatedFrom, updatedTo].includes(NaN)) return undefined;
  const workspaces = listOf(query, "workspaceIds");
  const is = (name: string, value: string) => (query.get(name) ?? value) === value;
  return jobs
    .filter(
      (job) =>
        is("connectionId", job.connectionId) &&
        is("jobType", job.jobType) &&
        is("status", job.status) &&
        job.createdAt >= (createdFrom ?? -Infinity) &&
        job.createdAt <= (createdTo ?? Infinity) &&
        job.updatedAt >= (updatedFrom ?? -Infinity) &&
        job.updatedAt <= (updatedTo ?? Infinity) &&
        (workspaces.length === 0 || workspaces.includes(workspaceOf(job) ?? "")),
    )
    .sort(order);
}

function instant(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}

/** A parameter that holds several values, repeated or joined by commas. */
export function listOf(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((text) => text.split(","))
    .filter((text) => text !== "");
}
