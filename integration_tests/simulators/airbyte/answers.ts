import { randomUUID } from "node:crypto";

/** An answer of the API, before it is sent. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

const TYPES = "https://reference.airbyte.com/reference/errors";

/** RFC 9457 members, sent as `application/json`, with the values that Airbyte fills in when its code names none. */
export const problems = {
  invalidApiKey: (): Answer =>
    problem(
      401,
      "#invalid-api-key",
      "invalid-api-key",
      "The API key in the Authorization header is invalid.",
    ),
  forbidden: (): Answer => problem(403, "#forbidden", "forbidden", "The request is forbidden."),
  notFound: (resourceType: string, resourceId: string): Answer =>
    problem(404, "#resource-not-found", "resource-not-found", "The requested resource could not be found.", {
      resourceType,
      resourceId,
    }),
  tryAgainLater: (message: string): Answer =>
    problem(409, "#try-again-later", "try-again-later", "Please try again later.", { message }),
  /** Airbyte's answer to two things: a connection that isn't active, and a job id that it waited for in vain. */
  stateConflict: (): Answer =>
    problem(409, "#409-state-conflict", "state-conflict", "State conflict", {
      message: "Could not fulfill request",
    }),
  unprocessable: (message: string): Answer =>
    problem(
      422,
      "#unprocessable-entity",
      "unprocessable-entity",
      "The body of the request was not understood",
      {
        message,
      },
    ),
  unexpected: (): Answer =>
    problem(
      500,
      "",
      "unexpected-problem",
      "An unexpected problem has occurred. If this is an error that needs to be addressed, please submit a pull " +
        "request or github issue.",
    ),
};

/** What violates a constraint, and much else, is answered with nothing but an id to look up in the server's log. */
export function errorId(status: number): Answer {
  return { status, body: { errorId: randomUUID() } };
}

export function alreadyRunning(connectionId: string): string {
  return `A sync is already running for: ${connectionId}`;
}

export function workflowDeleted(connectionId: string): string {
  return `The connection manager workflow for connection ${connectionId} is deleted, so nothing more can be done with it.`;
}

/** The Config API's words for a busy connection, which older proxies of it pass on. */
export function configApiConflict(connectionId: string): Answer {
  return {
    status: 409,
    body: {
      message: alreadyRunning(connectionId),
      exceptionClassName: "io.airbyte.commons.server.errors.ValueConflictKnownException",
      exceptionStack: Array.from(
        { length: 120 },
        (_, line) => `io.airbyte.server.Frame.at(Frame.java:${line})`,
      ),
    },
  };
}

/** The configuration API's words for an id that it does not know. */
export function configApiNotFound(kind: string, id: string): Answer {
  return {
    status: 404,
    body: {
      id,
      message: `Could not find configuration for ${kind}: ${id}.`,
      exceptionClassName: "io.airbyte.commons.server.errors.IdNotFoundKnownException",
      exceptionStack: [],
    },
  };
}

/** An operator's switch against one user; deliberately without Retry-After. */
export const rateLimited: Answer = { status: 429, body: { message: "You are being rate limited." } };

/** What a gateway in front of Airbyte says for it. */
export function gateway(status: number): Answer {
  return {
    status,
    body: `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center><hr><center>nginx</center></body></html>`,
    headers: { "content-type": "text/html" },
  };
}

function problem(status: number, fragment: string, title: string, detail: string, data?: unknown): Answer {
  return {
    status,
    body: { status, type: TYPES + fragment, title, detail, ...(data === undefined ? {} : { data }) },
  };
}
