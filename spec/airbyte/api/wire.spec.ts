import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { AirbyteApi, type AirbyteApiOptions } from "../../../src/airbyte/api/client.ts";
import { tokenBucketBudget } from "../../../src/http/rate-budget.ts";
import { withManualTimers } from "../../support/manual-timers.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";
import { BASE, CONNECTION, job } from "./answers.ts";

/** What only sockets show: silence, resets, how many requests are under way. */

interface Arrival {
  line: string;
  response: ServerResponse;
}

let server: Server;
let arrivals: Arrival[];
let api: AirbyteApi | undefined;
let onArrival: (arrival: Arrival) => void;

beforeEach(async () => {
  arrivals = [];
  onArrival = () => undefined;
  server = createServer((request: IncomingMessage, response) => {
    const arrival = { line: `${request.method ?? ""} ${request.url ?? ""}`, response };
    arrivals.push(arrival);
    onArrival(arrival);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  api?.close();
  server.close();
  server.closeAllConnections();
  await once(server, "close");
});

function open(options: Partial<AirbyteApiOptions> = {}): AirbyteApi {
  const { port } = server.address() as AddressInfo;
  const clock = new SkippingClock();
  api = new AirbyteApi({
    url: `http://127.0.0.1:${port}${BASE}`,
    auth: { mode: "none" },
    clock,
    userAgent: "test/1",
    budget: tokenBucketBudget({ perSecond: 1000, burst: 1000, clock }),
    ...options,
  });
  return api;
}

function answer(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Resolves when so many requests have arrived. */
async function arrived(count: number): Promise<void> {
  while (arrivals.length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe("a server that keeps silent", () => {
  test("leaves the effect of a request for a sync unknown, and is not asked again", async () => {
    await withManualTimers(async (pass) => {
      const start = open({ startTimeoutMs: 4000 }).startSync(CONNECTION);
      await arrived(1);
      pass(4000);
      expect(await start).toEqual({
        kind: "unknown",
        detail: expect.stringMatching(/^POST .*\/jobs was not answered in 4 s$/) as unknown,
      });
    });
    expect(arrivals).toHaveLength(1);
  });

  test("has longer to start a sync than to answer anything else", async () => {
    await withManualTimers(async (pass) => {
      const slow = open({ startTimeoutMs: 60_000, timeoutMs: 2500 });
      const start = slow.startSync(CONNECTION);
      await arrived(1);
      onArrival = () => {
        pass(2500);
      };
      await expect(slow.getJob(1)).rejects.toMatchObject({ kind: "unavailable" });
      answer(arrivals[0]!.response, job());
      expect(await start).toMatchObject({ kind: "triggered" });
    });
    expect(arrivals.map(({ line }) => line)).toEqual([
      `POST ${BASE}/jobs`,
      ...Array<string>(3).fill(`GET ${BASE}/jobs/1`),
    ]);
  });
});

test("an answer that breaks off leaves the effect unknown", async () => {
  onArrival = ({ response }) => {
    response.writeHead(200, { "content-length": 100 });
    response.write('{"jobId":', () => {
      response.destroy();
    });
  };
  expect(await open().startSync(CONNECTION)).toMatchObject({
    kind: "unknown",
    detail: expect.stringContaining("broke off") as unknown,
  });
  expect(arrivals).toHaveLength(1);
});

test("a connection that is reset leaves the effect unknown, and the request is not sent again", async () => {
  onArrival = ({ response }) => response.destroy();
  expect(await open().startSync(CONNECTION)).toMatchObject({
    kind: "unknown",
    detail: expect.stringContaining("ECONNRESET") as unknown,
  });
  expect(arrivals).toHaveLength(1);
});

test("a list with pages of megabytes is read whole", async () => {
  const text = "x".repeat(40_000);
  onArrival = ({ response }) => {
    const data = Array.from({ length: 60 }, (_, index) => ({
      sourceId: `s${index}`,
      configuration: { text },
    }));
    answer(response, { data });
  };
  let bytes = 0;
  for await (const { configuration } of open().listSources())
    bytes += (configuration["text"] as string).length;
  expect(bytes).toBe(60 * 40_000);
});

describe("at most as many requests as allowed", () => {
  test("are under way; the others follow in the order in which they came", async () => {
    const two = open({ concurrency: 2 });
    const jobs = [1, 2, 3, 4].map((id) => two.getJob(id));
    await arrived(2);
    // A third one would be here by now: sockets on one machine take less than a few turns.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(arrivals).toHaveLength(2);
    for (let index = 0; index < 4; index++) {
      await arrived(index + 1);
      answer(arrivals[index]!.response, job({ jobId: index + 1 }));
    }
    expect((await Promise.all(jobs)).map((one) => one?.jobId)).toEqual([1, 2, 3, 4]);
    expect(arrivals.map(({ line }) => line)).toEqual([1, 2, 3, 4].map((id) => `GET ${BASE}/jobs/${id}`));
  });

  test("are held up by none that gave up while it waited", async () => {
    const one = open({ concurrency: 1 });
    const first = one.getJob(1);
    const stop = new AbortController();
    const second = one.getJob(2, stop.signal);
    const third = one.getJob(3);
    await arrived(1);
    const reason = new Error("gave up");
    stop.abort(reason);
    await expect(second).rejects.toBe(reason);
    answer(arrivals[0]!.response, job({ jobId: 1 }));
    await first;
    await arrived(2);
    answer(arrivals[1]!.response, job({ jobId: 3 }));
    expect(await third).toMatchObject({ jobId: 3 });
    expect(arrivals.map(({ line }) => line)).toEqual([`GET ${BASE}/jobs/1`, `GET ${BASE}/jobs/3`]);
  });

  test("are sent in a second: five at once, then one a second, unless a budget says otherwise", async () => {
    onArrival = ({ response }) => {
      answer(response, job());
    };
    const clock = new SkippingClock();
    const usual = open({ clock, budget: undefined, concurrency: 8 });
    const before = clock.now();
    for (let count = 0; count < 8; count++) await usual.getJob(1);
    expect(clock.now() - before).toBe(3000);
  });
});

test("a request under way ends when its caller gives up, and frees its place", async () => {
  const one = open({ concurrency: 1 });
  const stop = new AbortController();
  const start = one.startSync(CONNECTION, stop.signal);
  await arrived(1);
  const reason = new Error("shutting down");
  stop.abort(reason);
  await expect(start).rejects.toBe(reason);
  const next = one.getJob(5);
  await arrived(2);
  answer(arrivals[1]!.response, job({ jobId: 5 }));
  expect(await next).toMatchObject({ jobId: 5 });
});
