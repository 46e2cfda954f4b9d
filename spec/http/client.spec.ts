import { type IncomingMessage, type ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";

import { afterEach, describe, expect, test } from "@jest/globals";

import { HttpClient, type HttpClientOptions } from "../../src/http/client.ts";
import { slidingWindowBudget } from "../../src/http/rate-budget.ts";
import { type HttpRequest, type HttpResponse, type Wait } from "../../src/http/request.ts";
import { bodyText, type Handler, Loopback } from "../support/loopback.ts";
import { SkippingClock } from "../support/skipping-clock.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(handler: Handler): Promise<Loopback> {
  const loopback = await Loopback.start(handler);
  open.push(() => loopback.close());
  return loopback;
}

function clientOf(options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = new HttpClient({
    clock: new SkippingClock(),
    userAgent: "spec/1.0",
    maxSockets: 4,
    random: () => 0,
    ...options,
  });
  open.push(() => {
    client.close();
  });
  return client;
}

const text = (response: HttpResponse) => response.text();
const get = (url: URL, more: Partial<HttpRequest> = {}): HttpRequest => ({ url, headers: {}, ...more });

/** Answers the first requests one by one as listed, and later ones with the last. */
function inTurn(...handlers: Handler[]): Handler {
  let count = 0;
  return (request, response) => {
    (handlers[count++] ?? handlers.at(-1))?.(request, response);
  };
}

const answer =
  (status: number, body = "", headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

describe("a request", () => {
  test("says who asks, wants gzip, and carries the caller's headers", async () => {
    let seen: IncomingMessage["headers"] = {};
    const { url } = await serve((request, response) => {
      seen = request.headers;
      response.end("fine");
    });
    const headers = { authorization: "Bearer token", accept: "application/json" };
    expect(await clientOf().send({ url, headers }, text)).toBe("fine");
    expect(seen).toMatchObject({ ...headers, "user-agent": "spec/1.0", "accept-encoding": "gzip" });
  });

  test("sends JSON with any method", async () => {
    const seen: unknown[] = [];
    const { url } = await serve((request, response) => {
      void bodyText(request).then((body) => {
        seen.push([request.method, request.headers["content-type"], body]);
        response.end();
      });
    });
    const client = clientOf();
    await client.send(get(url, { method: "POST", json: { a: "é" } }), text);
    await client.send(get(url, { method: "PATCH", json: [] }), text);
    await client.send(get(url, { method: "DELETE" }), text);
    expect(seen).toEqual([
      ["POST", "application/json", '{"a":"é"}'],
      ["PATCH", "application/json", "[]"],
      ["DELETE", undefined, ""],
    ]);
  });

  test("tells when it is sent, each time", async () => {
    const { url } = await serve(inTurn(answer(503), answer(200)));
    let sent = 0;
    await clientOf().send(get(url, { onRequest: () => sent++ }), text);
    expect(sent).toBe(2);
  });

  test("gives the server's time", async () => {
    const { url } = await serve(answer(200, "", { date: "Sun, 01 Jun 2025 12:00:00 GMT" }));
    expect(await clientOf().send(get(url), ({ date }) => Promise.resolve(date))).toBe(
      Date.UTC(2025, 5, 1, 12),
    );
  });
});

describe("connections", () => {
  test("are used again", async () => {
    const server = await serve(answer(200, "fine"));
    const client = clientOf();
    for (let i = 0; i < 5; i++) await client.send(get(server.url), text);
    expect(server.sockets).toHaveLength(1);
  });

  test("are used again after errors with a small body", async () => {
    const server = await serve(answer(404, '{"message":"not found"}'));
    const client = clientOf();
    for (let i = 0; i < 5; i++) await expect(client.send(get(server.url), text)).rejects.toThrow("404");
    expect(server.sockets).toHaveLength(1);
  });

  test("are given back by bodies that nobody reads to their end", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const endless: Handler = (_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", more);
      more();
    };
    const server = await serve(endless);
    const client = clientOf({ maxSockets: 1 });
    for (let i = 0; i < 4; i++) {
      await client.send(get(server.url), () => Promise.resolve());
      await client.send(get(server.url), async ({ body }) => {
        for await (const piece of body) if (piece.length > 0) break;
      });
    }
    expect(server.requests).toHaveLength(8);
    while (server.openSockets > 0) await setImmediate();
  });

  test("are given back by errors with a large body, of which the first 4 KiB are kept", async () => {
    const server = await serve(answer(500, "y".repeat(1_000_000)));
    const client = clientOf({ maxSockets: 1 });
    for (let i = 0; i < 3; i++) {
      await expect(client.send(get(server.url, { retry: false }), text)).rejects.toMatchObject({
        bodyText: "y".repeat(4096),
      });
    }
  });

  test("that the server has closed meanwhile are forgiven at once, but once only", async () => {
    const clock = new SkippingClock();
    const hangUp: Handler = (request) => request.socket.destroy();
    const server = await serve(
      inTurn(answer(200), hangUp, answer(200, "second"), hangUp, hangUp, answer(200, "third")),
    );
    const client = clientOf({ clock });
    await client.send(get(server.url), text);
    expect(await client.send(get(server.url), text)).toBe("second");
    expect(clock.slept).toEqual([]);
    expect(await client.send(get(server.url), text)).toBe("third");
    expect(clock.slept).toEqual([1000]);
  });

  test("stay within the given number", async () => {
    const server = await serve(answer(200, "fine"));
    const client = clientOf({ maxSockets: 3 });
    await Promise.all(Array.from({ length: 30 }, () => client.send(get(server.url), text)));
    expect(server.requests).toHaveLength(30);
    expect(server.sockets.length).toBeLessThanOrEqual(3);
  });
});

describe("failures", () => {
  test("that heal are waited out, and the answer is consumed once", async () => {
    const clock = new SkippingClock();
    const { url } = await serve(inTurn(answer(503), answer(502), answer(200, "at last")));
    const waits: Wait[] = [];
    let consumed = 0;
    const start = clock.now();
    const result = await clientOf({ clock }).send(
      get(url, { onWait: (wait) => waits.push(wait) }),
      (response) => {
        consumed++;
        return response.text();
      },
    );
    expect([result, consumed]).toEqual(["at last", 1]);
    expect(clock.slept).toEqual([1000, 2000]);
    expect(waits).toEqual([
      {
        reason: "server",
        untilMs: start + 1000,
        message: `GET ${url.href} answered 503; trying again in 1 s`,
      },
      {
        reason: "server",
        untilMs: start + 3000,
        message: `GET ${url.href} answered 502; trying again in 2 s`,
      },
    ]);
  });

  test("that don't heal end it with all that the answer said", async () => {
    const clock = new SkippingClock(Date.UTC(2030, 0, 1));
    const headers = { date: "Sun, 01 Jun 2025 12:00:00 GMT", "retry-after": "Sun, 01 Jun 2025 12:00:20 GMT" };
    const { url, requests } = await serve(answer(403, '{"message":"no"}', headers));
    await expect(clientOf({ clock }).send(get(url), text)).rejects.toMatchObject({
      name: "HttpStatusError",
      code: "ERR_HTTP_STATUS",
      status: 403,
      bodyText: '{"message":"no"}',
      // By the server's clock, which is five years behind ours.
      retryAfterMs: 20_000,
      date: Date.UTC(2025, 5, 1, 12),
      message: `GET ${url.href} answered 403`,
    });
    expect(requests).toHaveLength(1);
  });

  test("are as many as the caller allows", async () => {
    const server = await serve(answer(500));
    await expect(clientOf().send(get(server.url, { maxFailures: 3 }), text)).rejects.toMatchObject({
      status: 500,
    });
    expect(server.requests).toHaveLength(3);
  });

  test("end it at once where the caller wants no retry", async () => {
    const server = await serve((request) => request.socket.destroy());
    await expect(
      clientOf().send(get(server.url, { method: "POST", json: {}, retry: false }), text),
    ).rejects.toMatchObject({ name: "NetworkError", code: "ECONNRESET", wasStale: true });
    expect(server.requests).toHaveLength(1);
  });

  test("of the network are named by their code and by method and address", async () => {
    const server = await Loopback.start(answer(200));
    await server.close();
    const url = new URL("/v1/x?a=b", server.url);
    await expect(clientOf().send(get(url, { retry: false }), text)).rejects.toMatchObject({
      code: "ECONNREFUSED",
      message: `GET ${server.url.origin}/v1/x?a=b failed: ECONNREFUSED`,
    });
  });

  test("never name a user and a password that stand in the address", async () => {
    const { url } = await serve(answer(500));
    const withUser = new URL(url);
    withUser.username = "ann";
    withUser.password = "hidden-password";
    await expect(clientOf().send(get(withUser, { retry: false }), text)).rejects.toThrow(
      new RegExp(`^GET ${url.href} failed: `),
    );
  });

  test("of the caller's own go through untouched, and are not repeated", async () => {
    const server = await serve(answer(200, "fine"));
    const mine = new RangeError("mine");
    await expect(clientOf().send(get(server.url), () => Promise.reject(mine))).rejects.toBe(mine);
    expect(server.requests).toHaveLength(1);
  });

  test("to answer in time are repeated once, and say how long they waited", async () => {
    const server = await serve(() => undefined);
    const waits: string[] = [];
    await expect(
      clientOf({ headersTimeoutMs: 20 }).send(
        get(server.url, { onWait: ({ message }) => waits.push(message) }),
        text,
      ),
    ).rejects.toMatchObject({
      name: "NetworkError",
      code: "ERR_HEADERS_TIMEOUT",
      message: `GET ${server.url.href} was not answered in 0.02 s`,
    });
    expect(server.requests).toHaveLength(2);
    expect(waits).toHaveLength(1);
  });

  test("to send a header are told at once", async () => {
    const server = await serve(answer(200));
    await expect(
      clientOf().send({ url: server.url, headers: { authorization: "to\nken" } }, text),
    ).rejects.toMatchObject({ code: "ERR_INVALID_CHAR" });
    expect(server.requests).toHaveLength(0);
  });

  test("to read all of a small body, because it is none, are told", async () => {
    const { url } = await serve(answer(200, "z".repeat(1024 * 1024 + 1)));
    await expect(clientOf().send(get(url, { retry: false }), text)).rejects.toThrow(
      "more than 1048576 bytes",
    );
  });
});

describe("redirects", () => {
  const authorization = "Bearer token";

  test("are followed with GET, and the credentials stay on their host", async () => {
    const seen: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      seen.push(`${request.url ?? ""} ${request.headers.authorization ?? "none"}`);
      const { port } = server.url;
      const next = { "/a": "/b", "/b": `http://localhost:${port}/c` }[request.url ?? ""];
      if (next === undefined) response.end("there");
      else response.writeHead(302, { location: next }).end();
    });
    const url = new URL("/a", server.url);
    expect(await clientOf().send(get(url, { headers: { authorization } }), text)).toBe("there");
    expect(seen).toEqual(["/a Bearer token", "/b Bearer token", "/c none"]);
  });

  test("to another port of the same host take no credentials along: another program listens there", async () => {
    const seen: unknown[] = [];
    const other = await serve(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end("there");
    });
    const server = await serve(answer(307, "", { location: other.url.href }));
    for (const name of ["authorization", "Authorization"]) {
      expect(await clientOf().send(get(server.url, { headers: { [name]: authorization } }), text)).toBe(
        "there",
      );
    }
    expect(seen).toEqual([undefined, undefined]);
  });

  test.each(["", "ftp://x.test/", "http://[", "data:text/plain,x"])(
    "that lead nowhere (%j) end it",
    async (location) => {
      const server = await serve(answer(302, "", { location }));
      await expect(clientOf().send(get(server.url), text)).rejects.toMatchObject({ code: "ERR_REDIRECT" });
      expect(server.requests).toHaveLength(1);
    },
  );

  test("are refused for anything that changes something: it would arrive as a GET without its body", async () => {
    const server = await serve(answer(302, "", { location: "/elsewhere" }));
    await expect(clientOf().send(get(server.url, { method: "POST", json: {} }), text)).rejects.toMatchObject({
      code: "ERR_REDIRECT",
    });
    expect(server.requests).toEqual(["POST /"]);
  });

  test("that never end are followed five times", async () => {
    const server = await serve(answer(302, "", { location: "/" }));
    await expect(clientOf().send(get(server.url), text)).rejects.toMatchObject({ code: "ERR_REDIRECT" });
    expect(server.requests).toHaveLength(6);
  });
});

describe("a rate limit", () => {
  test("holds back everyone who shares the budget, for as long as the server asks", async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const arrivals: [string | undefined, number][] = [];
    const refuseFirst = inTurn(answer(429, "", { "retry-after": "30" }), answer(200, "fine"));
    const { url } = await serve((request, response) => {
      arrivals.push([request.url, clock.now() - start]);
      refuseFirst(request, response);
    });
    const client = clientOf({ clock });
    const budget = slidingWindowBudget({ limit: 100, windowMs: 60_000, clock });
    const waits: [string, Wait["reason"], number][] = [];
    const send = (path: string, onFirstWait?: () => void) =>
      client.send(
        get(new URL(path, url), {
          budget,
          onWait: ({ reason, untilMs }) => {
            waits.push([path, reason, untilMs - start]);
            onFirstWait?.();
            onFirstWait = undefined;
          },
        }),
        text,
      );
    const refused = Promise.withResolvers<undefined>();
    const first = send("/first", () => {
      refused.resolve(undefined);
    });
    await refused.promise;
    const second = send("/second");
    await clock.passUntil(Promise.all([first, second]));
    expect(waits).toEqual([
      ["/first", "rate_limited", 30_000],
      ["/second", "budget", 30_000],
    ]);
    expect(arrivals.map(([, at]) => at)).toEqual([0, 30_000, 30_000]);
  });

  test("without a time is waited out for the length of the window, again and again", async () => {
    const clock = new SkippingClock();
    const { url } = await serve(
      inTurn(...Array.from({ length: 12 }, () => answer(429)), answer(200, "at last")),
    );
    const budget = slidingWindowBudget({ limit: 1000, windowMs: 61_000, clock });
    expect(await clientOf({ clock }).send(get(url, { budget }), text)).toBe("at last");
    expect(clock.slept).toHaveLength(12);
    expect(clock.slept.slice(0, 4)).toEqual([61_000, 122_000, 244_000, 300_000]);
  });
});

describe("a rate limit of hours", () => {
  const hour = answer(429, "", { "retry-after": "3600" });
  const TEN_MINUTES = 600_000;

  test("is told again every ten minutes, so that nobody takes the program for dead", async () => {
    const clock = new SkippingClock();
    const start = clock.now();
    const waits: Wait[] = [];
    const { url } = await serve(inTurn(hour, answer(200, "at last")));
    const onWait = (wait: Wait) => waits.push(wait);
    expect(await clientOf({ clock }).send(get(url, { onWait }), text)).toBe("at last");
    expect(clock.slept).toEqual(Array.from({ length: 6 }, () => TEN_MINUTES));
    expect(waits.map(({ reason, untilMs }) => [reason, untilMs - start])).toEqual(
      Array.from({ length: 6 }, () => ["rate_limited", 3_600_000]),
    );
    expect(waits.at(-1)?.message).toMatch(/answered 429; trying again in 600 s$/);
  });

  test("ends all who share it after two, before the platform does", async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const { url } = await serve(hour);
    const client = clientOf({ clock });
    const budget = slidingWindowBudget({ limit: 100, windowMs: 60_000, clock });
    const first = client.send(get(url, { budget }), text);
    const second = clock.passUntil(first.catch(() => client.send(get(url, { budget }), text)));
    await expect(first).rejects.toMatchObject({ status: 429 });
    expect(clock.now() - start).toBe(7_200_000);
    await expect(second).rejects.toMatchObject({ status: 429 });
    expect(clock.now() - start).toBe(7_200_000);
  });

  test("counts from the last answer that was none", async () => {
    const clock = new SkippingClock();
    const { url } = await serve(inTurn(hour, answer(200), hour, answer(200), hour, answer(200, "third")));
    const client = clientOf({ clock });
    const budget = slidingWindowBudget({ limit: 100, windowMs: 60_000, clock });
    await client.send(get(url, { budget }), text);
    await client.send(get(url, { budget }), text);
    expect(await client.send(get(url, { budget }), text)).toBe("third");
  });
});

describe("the caller's signal", () => {
  const reason = new Error("enough");

  test("ends a request while its body arrives, with the signal's reason", async () => {
    const gone = Promise.withResolvers<undefined>();
    const server = await serve((_, response) => {
      response.write("[1,");
      response.on("close", () => {
        gone.resolve(undefined);
      });
    });
    const stop = new AbortController();
    let seen: unknown;
    const reading = clientOf().send(get(server.url, { signal: stop.signal }), async ({ body }) => {
      try {
        for await (const piece of body) if (piece.length > 0) stop.abort(reason);
      } catch (error) {
        seen = error;
        throw error;
      }
    });
    await expect(reading).rejects.toBe(reason);
    // The reader doesn't take it for a body that broke off.
    expect(seen).toBe(reason);
    await gone.promise;
    expect(server.requests).toHaveLength(1);
  });

  test("ends a request that waits for its answer, and one that waits to be repeated", async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const silent = await serve(() => {
      stop.abort(reason);
    });
    await expect(clientOf().send(get(silent.url, { signal: stop.signal }), text)).rejects.toBe(reason);

    const failing = await serve(answer(500));
    const later = new AbortController();
    const waiting = clientOf({ clock }).send(
      get(failing.url, {
        signal: later.signal,
        onWait: () => {
          void setImmediate().then(() => {
            later.abort(reason);
          });
        },
      }),
      text,
    );
    await expect(waiting).rejects.toBe(reason);
    expect(failing.requests).toHaveLength(1);
  });

  test("is taken note of before anything is sent", async () => {
    const server = await serve(answer(200));
    await expect(clientOf().send(get(server.url, { signal: AbortSignal.abort(reason) }), text)).rejects.toBe(
      reason,
    );
    expect(server.requests).toHaveLength(0);
  });

  test("serves many requests at once without a warning, and ends them all", async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on("warning", note);
    open.push(() => void process.off("warning", note));
    const stop = new AbortController();
    let arrived = 0;
    const { url } = await serve((_: IncomingMessage, response: ServerResponse) => {
      if (++arrived <= 300) response.end("fine");
      else if (arrived === 340) stop.abort(reason);
    });
    const client = clientOf({ maxSockets: 64 });
    const many = (count: number) =>
      Array.from({ length: count }, () => client.send(get(url, { signal: stop.signal }), text));
    for (let round = 0; round < 6; round++) await Promise.all(many(50));
    const ends = await Promise.allSettled(many(40));
    expect(ends.every((end) => end.status === "rejected" && end.reason === reason)).toBe(true);
    expect(warnings).toEqual([]);
  });
});
