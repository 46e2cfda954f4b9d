import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { AuthorizedHost } from "../../src/dixa/authorized-host.ts";
import { HttpClient } from "../../src/http/client.ts";
import { slidingWindowBudget } from "../../src/http/rate-budget.ts";
import { Loopback } from "../support/loopback.ts";
import { SkippingClock } from "../support/skipping-clock.ts";

const FORMS = ["raw-token", "Bearer raw-token", "Basic abc"];

let server: Loopback;
let http: HttpClient;
/** The Authorization header of each request. */
let seen: (string | undefined)[];
/** Status for a form of the header. */
let answerTo: (authorization: string | undefined) => number;

beforeEach(async () => {
  seen = [];
  server = await Loopback.start((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(answerTo(request.headers.authorization)).end(`{"n":${seen.length}}`);
  });
  http = new HttpClient({ clock: new SkippingClock(), userAgent: "spec", maxSockets: 4, random: () => 0 });
});

afterEach(async () => {
  http.close();
  await server.close();
});

function hostOf(forms: readonly string[] = FORMS): AuthorizedHost {
  const budget = slidingWindowBudget({ limit: 1000, windowMs: 1000, clock: new SkippingClock() });
  return new AuthorizedHost({ http, origin: server.url.origin, budget, forms });
}

const get = (host: AuthorizedHost) => host.get("/v1/x", {}, {}, (response) => response.text());

describe("the form of the Authorization header", () => {
  test("is the first one, and stays it when it works", async () => {
    answerTo = () => 200;
    const host = hostOf();
    await get(host);
    await get(host);
    expect(seen).toEqual(["raw-token", "raw-token"]);
  });

  test("is the next one where the host says 401, and the one that worked is kept", async () => {
    answerTo = (form) => (form === "Basic abc" ? 200 : 401);
    const host = hostOf();
    expect(await get(host)).toBe('{"n":3}');
    expect(await get(host)).toBe('{"n":4}');
    expect(seen).toEqual([...FORMS, "Basic abc"]);
  });

  test("is not searched for again when a token that worked is refused", async () => {
    answerTo = () => 200;
    const host = hostOf();
    await get(host);
    answerTo = () => 401;
    await expect(get(host)).rejects.toMatchObject({ status: 401 });
    expect(seen).toHaveLength(2);
  });

  test("can't mend a wrong token: the first refusal is told", async () => {
    answerTo = () => 401;
    await expect(get(hostOf())).rejects.toMatchObject({ status: 401, bodyText: '{"n":1}' });
    expect(seen).toEqual(FORMS);
  });

  test("is not to blame for any other status", async () => {
    answerTo = () => 403;
    await expect(get(hostOf())).rejects.toMatchObject({ status: 403 });
    expect(seen).toEqual(["raw-token"]);
  });

  test("is kept too when the answer's body turns out to be useless", async () => {
    answerTo = (form) => (form === "raw-token" ? 401 : 200);
    const host = hostOf();
    await expect(host.get("/v1/x", {}, {}, () => Promise.reject(new Error("useless")))).rejects.toThrow(
      "useless",
    );
    await get(host);
    expect(seen).toEqual(["raw-token", "Bearer raw-token", "Bearer raw-token"]);
  });
});

test("a query is encoded, and the credentials are in no address", async () => {
  answerTo = () => 200;
  await hostOf().get("/v1/x", { pageKey: "a+b=:/ é", pageLimit: "10" }, {}, (response) => response.text());
  expect(server.requests).toEqual(["GET /v1/x?pageKey=a%2Bb%3D%3A%2F+%C3%A9&pageLimit=10"]);
});
