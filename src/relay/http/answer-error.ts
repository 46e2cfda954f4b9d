import { type FastifyReply, type FastifyRequest } from "fastify";

import { isAccountProblem } from "../accounts/account-problem.ts";
import { isStoreUnavailable } from "../store/store-unavailable.ts";
import { accountProblem, HttpProblem, isHttpProblem, storeUnavailable } from "./errors.ts";
import { WEBHOOK_BODY_LIMIT } from "./webhook-routes.ts";

/** Fastify's own refusals, in our words. */
const FRAMEWORK: Readonly<Record<string, HttpProblem>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new HttpProblem(415, "media_type", "Send application/json."),
  FST_ERR_CTP_BODY_TOO_LARGE: new HttpProblem(
    413,
    "too_large",
    `The body may have ${WEBHOOK_BODY_LIMIT / 1024} KiB at most.`,
  ),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new HttpProblem(
    400,
    "malformed",
    "The body is not as long as its Content-Length says.",
  ),
  FST_ERR_BAD_URL: new HttpProblem(404, "not_found", "There is nothing at this address."),
};

/** Answers a request that failed: as the problem says, or that the relay made a mistake, which is logged. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  if (problem.status === 500) request.log.error({ err: error }, "a request failed");
  void reply.code(problem.status).headers(problem.headers).send(problem.body);
}

function problemOf(error: unknown): HttpProblem {
  if (isHttpProblem(error)) return error;
  if (isStoreUnavailable(error)) return storeUnavailable();
  if (isAccountProblem(error)) return accountProblem(error);
  if (typeof error === "object" && error !== null) {
    const code = "code" in error ? String(error.code) : "";
    const known = FRAMEWORK[code];
    if (known !== undefined) return known;
    const status = "statusCode" in error ? Number(error.statusCode) : 500;
    if (status >= 400 && status < 500)
      return new HttpProblem(status, "bad_request", "The request can't be read.");
  }
  return new HttpProblem(500, "internal", "The relay made a mistake; its log says which.");
}
