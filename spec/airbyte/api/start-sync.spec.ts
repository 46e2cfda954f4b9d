import { describe, expect, test } from "@jest/globals";

import { nock } from "../../support/nock.ts";
import { BASE, CONNECTION, job, problem } from "./answers.ts";
import { clientPerTest, ORIGIN } from "./fixtures.ts";

const client = clientPerTest();

function onStart() {
  return nock(ORIGIN).post(`${BASE}/jobs`, { connectionId: CONNECTION, jobType: "sync" });
}

const conflict = problem(409, "state-conflict", "State conflict", { message: "Could not fulfill request" });
const running = `A sync is already running for: ${CONNECTION}`;

describe("a request for a sync", () => {
  test("that is granted gives the job, with its start as an instant", async () => {
    onStart().reply(200, job());
    expect(await client.api.startSync(CONNECTION)).toEqual({
      kind: "triggered",
      job: job({ startTime: Date.UTC(2023, 2, 25, 1, 30, 50) }),
    });
  });

  test("takes a start time without seconds, as Java prints whole minutes", async () => {
    onStart().reply(200, job({ startTime: "2023-03-25T01:30Z" }));
    expect(await client.api.startSync(CONNECTION)).toMatchObject({
      kind: "triggered",
      job: { startTime: Date.UTC(2023, 2, 25, 1, 30) },
    });
  });

  test("takes statuses, job types and members that Airbyte will invent", async () => {
    onStart().reply(200, job({ status: "hibernating", jobType: "embed", mood: { is: "new" } }));
    expect(await client.api.startSync(CONNECTION)).toMatchObject({
      kind: "triggered",
      job: { status: "hibernating", jobType: "embed", mood: { is: "new" } },
    });
  });

  test.each<[string, number, unknown, string, string]>([
    [
      "while a sync, reset or clear runs",
      409,
      problem(409, "try-again-later", "Please try again later.", { message: running }),
      "busy",
      `409 try-again-later: ${running}`,
    ],
    [
      "while a sync runs, told as the Config API tells it",
      409,
      {
        message: running,
        exceptionClassName: "io.airbyte.commons.server.errors.ValueConflictKnownException",
      },
      "busy",
      `409: ${running}`,
    ],
    [
      "while a sync runs, told with a stack trace that is longer than what is read of an error",
      409,
      { message: running, exceptionClassName: "x.y.Z", exceptionStack: ["at x.y.Z".repeat(1000)] },
      "busy",
      `409: ${running}`,
    ],
    [
      "of a connection whose workflow is deleted, which only its status can confirm",
      409,
      problem(409, "try-again-later", "Please try again later.", {
        message: `The connection manager workflow for connection ${CONNECTION} is deleted, …`,
      }),
      "conflict",
      `409 try-again-later: The connection manager workflow for connection ${CONNECTION} is deleted, …`,
    ],
    [
      "of a connection that is not active, or whose job did not appear in time: the answers are the same",
      409,
      conflict,
      "conflict",
      "409 state-conflict: Could not fulfill request",
    ],
    ["with a 409 that says nothing", 409, "", "conflict", "409"],
    [
      "of a connection that Airbyte doesn't know",
      404,
      problem(404, "resource-not-found", "The requested resource could not be found.", {
        resourceType: "connection",
        resourceId: CONNECTION,
      }),
      "gone",
      "404 resource-not-found: The requested resource could not be found.",
    ],
    [
      "of a connection that Airbyte doesn't know, with the status that its catalogue of errors gives",
      400,
      problem(400, "resource-not-found", "The requested resource could not be found."),
      "gone",
      "400 resource-not-found: The requested resource could not be found.",
    ],
    [
      "that a proxy can't deliver because its backend is being replaced",
      404,
      "<html>404 default backend</html>",
      "unknown",
      "404",
    ],
    [
      "to an address that is not the public API's",
      404,
      { message: "Not Found" },
      "unknown",
      "404: Not Found",
    ],
    [
      "without a role in the workspace",
      403,
      problem(403, "forbidden", "The request is forbidden."),
      "forbidden",
      "403 forbidden: The request is forbidden.",
    ],
    [
      "without credentials that are valid",
      401,
      problem(401, "invalid-api-key", "The API key in the Authorization header is invalid."),
      "unauthorized",
      "401 invalid-api-key: The API key in the Authorization header is invalid.",
    ],
    ["that the framework refuses for its credentials", 401, "", "unauthorized", "401"],
    ["that violates a constraint", 400, { errorId: "5c0f" }, "invalid", "400"],
    [
      "that Airbyte does not understand",
      422,
      problem(422, "unprocessable-entity", "The body of the request was not understood", {
        message: "Refreshes are not supported in the public API",
      }),
      "invalid",
      "422 unprocessable-entity: Refreshes are not supported in the public API",
    ],
    [
      "that makes Airbyte stumble",
      500,
      problem(500, "unexpected-problem", "An unexpected problem has occurred."),
      "unknown",
      "500 unexpected-problem: An unexpected problem has occurred.",
    ],
    ["that makes Airbyte stumble without a word", 500, { errorId: "5c0f" }, "unknown", "500"],
    [
      "that times out within Airbyte",
      408,
      problem(408, "request-timeout-exceeded", ""),
      "unknown",
      "408 request-timeout-exceeded",
    ],
    ["that a gateway gives up on (502)", 502, "<html><h1>Bad gateway</h1></html>", "unknown", "502"],
    ["that a gateway gives up on (503)", 503, "", "unknown", "503"],
    ["that a gateway gives up on (504)", 504, "", "unknown", "504"],
  ])("%s: %i", async (_name, status, body, kind, detail) => {
    onStart().reply(status, body as nock.Body);
    expect(await client.api.startSync(CONNECTION)).toEqual({ kind, detail });
  });

  test.each([
    ["a web page", "<html>Welcome</html>", /did not answer JSON/],
    ["a job without an id", { status: "pending" }, /jobId is missing/],
    [
      "a job whose start is no time",
      job({ startTime: "soon" }),
      /startTime is a string of 4 characters, but must be a date-time/,
    ],
  ])("that is answered with %s may have started one", async (_name, body, detail) => {
    onStart().reply(200, body);
    expect(await client.api.startSync(CONNECTION)).toEqual({
      kind: "unknown",
      detail: expect.stringMatching(detail) as unknown,
    });
  });

  test("ends with the signal's reason", async () => {
    const reason = new Error("shutting down");
    await expect(client.api.startSync(CONNECTION, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("when Airbyte sheds load", () => {
  const shed = { message: "You are being rate limited." };

  test("nothing is sent for a minute, then for two, and after an answer for one again", async () => {
    onStart().reply(429, shed);
    const first = client.clock.now();
    expect(await client.api.startSync(CONNECTION)).toMatchObject({
      kind: "throttled",
      untilMs: first + 60_000,
    });
    client.clock.advance(59_999);
    expect(await client.api.startSync(CONNECTION)).toMatchObject({
      kind: "throttled",
      untilMs: first + 60_000,
    });

    client.clock.advance(1);
    onStart().reply(429, shed);
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ untilMs: first + 180_000 });

    client.clock.advance(120_000);
    onStart().reply(409, conflict);
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ kind: "conflict" });
    onStart().reply(429, shed);
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ untilMs: first + 240_000 });
  });

  test("requests that were under way together count once", async () => {
    onStart().twice().reply(429, shed);
    const both = await Promise.all([client.api.startSync(CONNECTION), client.api.startSync(CONNECTION)]);
    expect(both).toMatchObject(Array(2).fill({ kind: "throttled", untilMs: client.clock.now() + 60_000 }));
  });

  test("reads are held back as well, and say until when", async () => {
    onStart().reply(429, shed);
    await client.api.startSync(CONNECTION);
    await expect(client.api.getJob(1)).rejects.toMatchObject({
      kind: "throttled",
      untilMs: client.clock.now() + 60_000,
    });
  });

  test("a gateway that asks for more time gets it, up to a quarter of an hour", async () => {
    onStart().reply(429, "", { "retry-after": "300" });
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ untilMs: client.clock.now() + 300_000 });
    client.clock.advance(300_000);
    onStart().reply(429, "", { "retry-after": "86400" });
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ untilMs: client.clock.now() + 900_000 });
  });

  test("a clock that is set back does not make the pause longer", async () => {
    onStart().reply(429, shed);
    await client.api.startSync(CONNECTION);
    client.clock.advance(-3_600_000);
    onStart().reply(200, job());
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ kind: "triggered" });
  });
});
