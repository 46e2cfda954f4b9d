import { alreadyRunning, type Answer, configApiNotFound, errorId, problems } from "./answers.ts";
import { type Fault, type Route } from "./faults.ts";
import { type Job, type JobBook } from "./jobs.ts";
import { jobView, listOf, page, selectJobs } from "./lists.ts";
import { type Tokens } from "./tokens.ts";
import { connectionDetails, connectionView, type Workspace, WORKSPACE_ID } from "./workspace.ts";

export interface ApiCall {
  route: Route;
  /** What stands in the path. */
  id: string | undefined;
  path: string;
  query: URLSearchParams;
  authorization: string | undefined;
  contentType: string;
  /** As it names itself in `User-Agent`. */
  client: string;
  body: string;
}

/** Who is let in. */
export interface Access {
  auth: "application" | "basic" | "none";
  clientId: string;
  clientSecret: string;
  username: string;
  password: string;
  /** Leave `expires_in` out, as the internal twin of the token endpoint does. */
  omitExpiresIn: boolean;
  tokenTtlMs: number;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const ROUTES: readonly { method: string; pattern: RegExp; route: Route }[] = [
  { method: "POST", pattern: /^\/applications\/token$/, route: "token" },
  { method: "GET", pattern: /^\/health$/, route: "health" },
  { method: "GET", pattern: /^\/sources$/, route: "sources" },
  { method: "GET", pattern: /^\/sources\/([^/]+)$/, route: "source" },
  { method: "GET", pattern: /^\/connections$/, route: "connections" },
  { method: "GET", pattern: /^\/connections\/([^/]+)$/, route: "connection" },
  { method: "GET", pattern: /^\/destinations\/([^/]+)$/, route: "destination" },
  { method: "GET", pattern: /^\/workspaces\/([^/]+)$/, route: "workspace" },
  { method: "GET", pattern: /^\/jobs$/, route: "jobs" },
  { method: "GET", pattern: /^\/jobs\/([^/]+)$/, route: "job" },
  { method: "POST", pattern: /^\/jobs$/, route: "start" },
  { method: "DELETE", pattern: /^\/jobs\/([^/]+)$/, route: "cancel" },
];

const CONFIGURATION_ROUTES: readonly { method: string; pattern: RegExp; route: Route }[] = [
  { method: "POST", pattern: /^\/connections\/get$/, route: "connection-details" },
];

/** @param base which of the two APIs is asked */
export function routeOf(
  base: "configuration" | "public",
  method: string,
  path: string,
): { route: Route; id: string | undefined } {
  for (const { method: own, pattern, route } of base === "public" ? ROUTES : CONFIGURATION_ROUTES) {
    const match = own === method ? pattern.exec(path) : null;
    if (match !== null) return { route, id: match[1] };
  }
  return { route: "unknown", id: undefined };
}

/** The connection that a request is about, if it says so. */
export function connectionOf({ route, id, query, body }: ApiCall): string | undefined {
  if (route === "connection") return id;
  if (route !== "start" && route !== "connection-details") return query.get("connectionId") ?? undefined;
  const value = jsonOf(body)["connectionId"];
  return typeof value === "string" ? value : undefined;
}

/**
 * What Airbyte's public API answers when nothing goes wrong, and of its configuration API the one call that orchestrators
 * need beside it.
 */
export class PublicApi {
  readonly #workspace: Workspace;
  readonly #jobs: JobBook;
  readonly #tokens: Tokens;
  readonly #access: Access;
  readonly #now: () => number;
  readonly #onCancel: (job: Job) => void;

  constructor(options: {
    workspace: Workspace;
    jobs: JobBook;
    tokens: Tokens;
    access: Access;
    now: () => number;
    onCancel: (job: Job) => void;
  }) {
    this.#workspace = options.workspace;
    this.#jobs = options.jobs;
    this.#tokens = options.tokens;
    this.#access = options.access;
    this.#now = options.now;
    this.#onCancel = options.onCancel;
  }

  /** @param fault one of those that bend an answer */
  answer(call: ApiCall, fault?: Fault): Answer {
    switch (call.route) {
      case "token":
        return this.#token(call);
      case "health":
        return { status: 200, body: "Successful operation", headers: { "content-type": "text/plain" } };
      case "unknown":
        return {
          status: 404,
          body: { message: "Not Found", _embedded: { errors: [{ message: "Page Not Found" }] } },
        };
      default:
        return this.#isAllowed(call.authorization) ? this.#allowed(call, fault) : problems.invalidApiKey();
    }
  }

  #allowed(call: ApiCall, fault: Fault | undefined): Answer {
    const { route, id = "", query } = call;
    const shift = fault === "drift-skip" ? 1 : fault === "drift-repeat" ? -1 : 0;
    switch (route) {
      case "sources": {
        const rows = [...this.#workspace.sources.values()].filter(inWorkspaces(query));
        return page(
          "/sources",
          rows.map((source) => this.#workspace.sourceView(source)),
          query,
          shift,
        );
      }
      case "connections": {
        const withDeleted = query.get("includeDeleted") === "true";
        const rows = [...this.#workspace.connections.values()]
          .filter(({ status }) => withDeleted || status !== "deprecated")
          .filter(inWorkspaces(query));
        return page("/connections", rows.map(connectionView), query, shift);
      }
      case "source": {
        const source = this.#workspace.sources.get(id);
        if (!UUID.test(id)) return errorId(400);
        if (source === undefined) return problems.notFound("source", id);
        return { status: 200, body: this.#workspace.sourceView(source) };
      }
      case "connection": {
        const connection = this.#workspace.connections.get(id);
        if (!UUID.test(id)) return errorId(400);
        if (connection === undefined) return problems.notFound("connection", id);
        return { status: 200, body: connectionView(connection) };
      }
      case "destination": {
        const destination = this.#workspace.destinations.get(id);
        if (!UUID.test(id)) return errorId(400);
        if (destination === undefined) return problems.notFound("destination", id);
        return { status: 200, body: destination };
      }
      case "workspace":
        if (!UUID.test(id)) return errorId(400);
        return id === WORKSPACE_ID
          ? {
              status: 200,
              body: { workspaceId: id, name: "Support", dataResidency: "auto", notifications: {} },
            }
          : problems.notFound("workspace", id);
      case "connection-details": {
        const connectionId = connectionOf(call) ?? "";
        const connection = this.#workspace.connections.get(connectionId);
        if (!UUID.test(connectionId)) return errorId(400);
        if (connection === undefined) return configApiNotFound("STANDARD_SYNC", connectionId);
        return { status: 200, body: connectionDetails(connection) };
      }
      case "jobs": {
        const { connections } = this.#workspace;
        const jobs = selectJobs(
          this.#jobs.jobs,
          query,
          (job) => connections.get(job.connectionId)?.workspaceId,
        );
        if (jobs === undefined) return errorId(400);
        const now = this.#now();
        return page(
          "/jobs",
          jobs.map((job) => jobView(job, now)),
          query,
        );
      }
      case "start":
        return this.#start(call, fault);
      case "job":
      case "cancel":
        return this.#job(route, id);
      default:
        throw new Error(`${route} needs no authorization`);
    }
  }

  #job(route: "job" | "cancel", id: string): Answer {
    if (!/^\d+$/.test(id)) return errorId(400);
    const job = this.#jobs.jobs.find(({ jobId }) => jobId === Number(id));
    if (job === undefined) return problems.notFound("job", id);
    if (route === "cancel") this.#onCancel(job);
    return { status: 200, body: jobView(job, this.#now()) };
  }

  #start({ contentType, client, body }: ApiCall, fault: Fault | undefined): Answer {
    if (!contentType.startsWith("application/json")) return errorId(415);
    const { connectionId, jobType } = jsonOf(body);
    if (typeof connectionId !== "string" || !UUID.test(connectionId)) return errorId(400);
    const connection = this.#workspace.connections.get(connectionId);
    if (connection === undefined) return problems.notFound("connection", connectionId);
    if (jobType === "refresh") return problems.unprocessable("Refreshes are not supported in the public API");
    if (jobType !== "sync" && jobType !== "reset" && jobType !== "clear") return errorId(400);
    if (connection.status !== "active") return problems.stateConflict();
    const running = fault === "200-running" ? this.#jobs.openJob(connectionId) : undefined;
    const job = running ?? this.#jobs.submit(connection, jobType, "api", client);
    return job === undefined
      ? problems.tryAgainLater(alreadyRunning(connectionId))
      : { status: 200, body: jobView(job, this.#now()) };
  }

  #token({ contentType, body }: ApiCall): Answer {
    const { client_id: clientId, client_secret: clientSecret } = contentType.includes("json")
      ? jsonOf(body)
      : Object.fromEntries(new URLSearchParams(body));
    if (clientId !== this.#access.clientId || clientSecret !== this.#access.clientSecret) return errorId(401);
    const { omitExpiresIn, tokenTtlMs } = this.#access;
    const access_token = this.#tokens.issue();
    if (omitExpiresIn) return { status: 200, body: { access_token } };
    return {
      status: 200,
      body: { access_token, token_type: "Bearer", expires_in: Math.floor(tokenTtlMs / 1000) },
    };
  }

  #isAllowed(authorization = ""): boolean {
    const { auth, username, password } = this.#access;
    switch (auth) {
      case "none":
        return true;
      case "basic":
        return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
      case "application":
        return authorization.startsWith("Bearer ") && this.#tokens.isValid(authorization.slice(7));
    }
  }
}

function inWorkspaces(query: URLSearchParams): (row: { workspaceId: string }) => boolean {
  const ids = listOf(query, "workspaceIds");
  return ({ workspaceId }) => ids.length === 0 || ids.includes(workspaceId);
}

/** Never fails: what isn't an object has no members. */
function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
