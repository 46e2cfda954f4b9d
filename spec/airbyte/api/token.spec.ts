import { describe, expect, test } from "@jest/globals";

import { nock } from "../../support/nock.ts";
import { BASE, CONNECTION, job } from "./answers.ts";
import { apiWith, clientPerTest, ORIGIN } from "./fixtures.ts";

const SECRET = "s3cret-of-the-application";

const client = clientPerTest({
  auth: { mode: "client_credentials", clientId: "client-1", clientSecret: SECRET },
});

function onToken() {
  return nock(ORIGIN).post(`${BASE}/applications/token`, {
    client_id: "client-1",
    client_secret: SECRET,
    "grant-type": "client_credentials",
  });
}

function grant(token: string, seconds: unknown = 900): void {
  onToken().reply(200, { access_token: token, token_type: "Bearer", expires_in: seconds });
}

/** A read that must carry this token. */
async function readWith(token: string): Promise<void> {
  nock(ORIGIN, { reqheaders: { authorization: `Bearer ${token}` } })
    .get(`${BASE}/jobs/1234`)
    .reply(200, job());
  await expect(client.api.getJob(1234)).resolves.toMatchObject({ jobId: 1234 });
}

function jwt(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

describe("the access token of an application", () => {
  test("is fetched with the first request, and kept until a minute before its end", async () => {
    grant("one");
    await readWith("one");
    client.clock.advance(839_999);
    await readWith("one");
    client.clock.advance(1);
    grant("two");
    await readWith("two");
  });

  test("that lives three minutes, as on servers of 2024, is kept for four fifths of that", async () => {
    grant("one", 180);
    await readWith("one");
    client.clock.advance(143_999);
    await readWith("one");
    client.clock.advance(1);
    grant("two", "180");
    await readWith("two");
  });

  test("without expires_in lives as long as the JWT says, by the server's own clock", async () => {
    const token = jwt({ iat: 1_000_000, exp: 1_000_600 });
    onToken().reply(200, { access_token: token });
    await readWith(token);
    client.clock.advance(539_999);
    await readWith(token);
    client.clock.advance(1);
    grant("two");
    await readWith("two");
  });

  test("without expires_in and iat lives until the instant in the JWT", async () => {
    const token = jwt({ exp: client.clock.now() / 1000 + 300 });
    onToken().reply(200, { access_token: token });
    await readWith(token);
    client.clock.advance(239_999);
    await readWith(token);
    client.clock.advance(1);
    grant("two");
    await readWith("two");
  });

  test.each([
    ["is no JWT", "opaque"],
    ["is a JWT without an end", jwt({ sub: "x" })],
    ["is a JWT that ended before it began", jwt({ iat: 20, exp: 10 })],
  ])("that says nothing of its end because it %s lives 150 seconds", async (_name, token) => {
    onToken().reply(200, { access_token: token, expires_in: 0 });
    await readWith(token);
    client.clock.advance(119_999);
    await readWith(token);
    client.clock.advance(1);
    grant("two");
    await readWith("two");
  });

  test("is fetched once for all that wait for it", async () => {
    grant("one");
    nock(ORIGIN, { reqheaders: { authorization: "Bearer one" } })
      .get(`${BASE}/jobs/1234`)
      .times(5)
      .reply(200, job());
    await Promise.all(Array.from({ length: 5 }, () => client.api.getJob(1234)));
  });

  test("is not lost for the others when the one who asked first gives up", async () => {
    const stop = new AbortController();
    const reason = new Error("gave up");
    onToken().reply(200, () => {
      stop.abort(reason);
      return { access_token: "one", expires_in: 900 };
    });
    const first = client.api.getJob(1234, stop.signal);
    const second = readWith("one");
    await expect(first).rejects.toBe(reason);
    await second;
  });

  test("is asked for again when the endpoint stumbles, with growing pauses", async () => {
    onToken().times(4).reply(502, "<html>Bad gateway</html>");
    grant("one");
    await readWith("one");
    expect(client.clock.slept.map((ms) => Math.floor(ms / 1000))).toEqual([1, 2, 4, 8]);
  });

  test("that can't be had after five tries means that Airbyte is unavailable", async () => {
    onToken().times(5).reply(502);
    await expect(client.api.getJob(1)).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("that can't be had for a sync leaves its effect open", async () => {
    onToken().times(5).reply(502);
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ kind: "unknown" });
  });

  test("that still lives is used when the early renewal fails, which is tried once", async () => {
    grant("one");
    await readWith("one");
    client.clock.advance(850_000);
    onToken().reply(503);
    await readWith("one");
    expect(client.clock.slept).toEqual([]);
    client.clock.advance(50_000);
    onToken().times(5).reply(503);
    await expect(client.api.getJob(1)).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("that Airbyte refuses is renewed once, and the request sent again", async () => {
    grant("one");
    nock(ORIGIN, { reqheaders: { authorization: "Bearer one" } })
      .post(`${BASE}/jobs`)
      .reply(401);
    grant("two");
    nock(ORIGIN, { reqheaders: { authorization: "Bearer two" } })
      .post(`${BASE}/jobs`)
      .reply(200, job());
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ kind: "triggered" });
  });

  test("that Airbyte refuses twice means that the credentials are wrong", async () => {
    grant("one");
    nock(ORIGIN).get(`${BASE}/jobs/1`).reply(401);
    grant("two");
    nock(ORIGIN).get(`${BASE}/jobs/1`).reply(401);
    await expect(client.api.getJob(1)).rejects.toMatchObject({
      name: "AirbyteApiError",
      kind: "unauthorized",
    });
  });

  test.each([400, 401, 403])("is refused with %i: unauthorized, told without the secret", async (status) => {
    onToken().reply(status, { errorId: "5c0f", message: "Invalid client id or token" });
    const outcome = await client.api.startSync(CONNECTION);
    expect(outcome).toMatchObject({
      kind: "unauthorized",
      detail: expect.stringContaining("Invalid client id or token") as unknown,
    });
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    expect(client.clock.slept).toEqual([]);
    onToken().reply(status);
    await expect(client.api.getJob(1)).rejects.toMatchObject({ kind: "unauthorized" });
  });

  test("whose endpoint is not there says nothing of jobs and connections", async () => {
    const body = {
      type: "https://reference.airbyte.com/reference/errors#resource-not-found",
      title: "resource-not-found",
    };
    onToken().twice().reply(404, body);
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ kind: "unknown" });
    await expect(client.api.getJob(1)).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("whose endpoint sheds load holds everything back", async () => {
    onToken().reply(429);
    const untilMs = client.clock.now() + 60_000;
    expect(await client.api.startSync(CONNECTION)).toMatchObject({ kind: "throttled", untilMs });
    await expect(client.api.getJob(1)).rejects.toMatchObject({ kind: "throttled", untilMs });
  });

  test("in an answer that can't be used is reported by its shape", async () => {
    onToken().reply(200, { token: "abc-very-secret" });
    const failure: unknown = await client.api.getJob(1).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("access_token is missing") as unknown,
    });
    expect(String(failure)).not.toContain("abc-very-secret");
  });
});

describe("other ways to be let in", () => {
  test.each([
    ["basic", { mode: "basic", username: "airbyte", password: "pässword" }, "Basic YWlyYnl0ZTpww6Rzc3dvcmQ="],
    ["bearer", { mode: "bearer", token: "fixed" }, "Bearer fixed"],
  ] as const)("%s is sent with each request, and a 401 is final", async (_name, auth, authorization) => {
    const other = apiWith({ auth }).api;
    const mock = nock(ORIGIN, { reqheaders: { authorization } });
    mock.get(`${BASE}/jobs/1234`).reply(200, job());
    await expect(other.getJob(1234)).resolves.toBeDefined();
    mock.get(`${BASE}/jobs/1234`).reply(401);
    await expect(other.getJob(1234)).rejects.toMatchObject({ kind: "unauthorized" });
    other.close();
  });

  test("none sends no Authorization header", async () => {
    const other = apiWith({ auth: { mode: "none" } }).api;
    nock(ORIGIN, { badheaders: ["authorization"] })
      .get(`${BASE}/jobs/1234`)
      .reply(200, job());
    await expect(other.getJob(1234)).resolves.toBeDefined();
    other.close();
  });
});
