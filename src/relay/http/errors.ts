import { z } from "zod";

import { type AccountProblem, type AccountProblemKind } from "../accounts/account-problem.ts";

/** What every answer that isn't 2xx holds. */
export const errorSchema = z
  .object({
    error: z.string().describe("A stable word for programs."),
    message: z.string().describe("What is wrong and what to do about it, for people."),
  })
  .describe("Why a request was not carried out.");

export type ErrorBody = z.infer<typeof errorSchema>;

/** An answer other than 2xx. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.body = { error, message };
    this.headers = headers;
  }
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isHttpProblem(error: unknown): error is HttpProblem {
  return error instanceof Error && error.name === "HttpProblem";
}

/** Seconds after which a sender is asked to try again. */
const RETRY_AFTER = "5";

export function storeUnavailable(): HttpProblem {
  return new HttpProblem(
    503,
    "store_unavailable",
    "The relay's store can't be reached or written right now. Nothing was kept; send it again.",
    { "retry-after": RETRY_AFTER },
  );
}

const ACCOUNT_STATUS: Readonly<Record<AccountProblemKind, number>> = {
  invalid: 400,
  not_found: 404,
  conflict: 409,
  refused: 424,
  unanswered: 502,
};

export function accountProblem({ kind, message }: AccountProblem): HttpProblem {
  return new HttpProblem(ACCOUNT_STATUS[kind], kind === "invalid" ? "bad_request" : kind, message);
}

export function notFound(what: string): HttpProblem {
  return new HttpProblem(404, "not_found", `There is no such ${what}.`);
}

export function unauthorized(): HttpProblem {
  return new HttpProblem(
    401,
    "unauthorized",
    "Send the relay's admin token as Authorization: Bearer <token>.",
    {
      "www-authenticate": 'Bearer realm="dixa-relay"',
    },
  );
}
