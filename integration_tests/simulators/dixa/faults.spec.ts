import { constants, gunzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { ALL_FAULTS, type DixaSimulator, type Fault, startDixaSimulator } from "./index.ts";
import { type RawAnswer, request, startRequest } from "./raw-answer.ts";

const LO = Date.UTC(2025, 0, 1);
const DAY = 86_400_000;

let simulator: DixaSimulator;

beforeEach(async () => {
  const span = { lo: LO, hi: LO + 20 * DAY };
  simulator = await startDixaSimulator({ span, conversations: 1000, limits: false });
});

afterEach(async () => {
  await simulator.close();
});

/** A large and a small body: a fault strikes both. */
const WINDOWS = [
  ["a large answer", 20 * DAY],
  ["a small answer", 600_000],
] as const;

function exportOf(width: number, encoding?: string): [url: string, { headers: Record<string, string> }] {
  const headers = {
    authorization: `Bearer ${simulator.token}`,
    ...(encoding === undefined ? {} : { "accept-encoding": encoding }),
  };
  return [
    `${simulator.exportsUrl}/v1/message_export?created_after=${LO}&created_before=${LO + width}`,
    { headers },
  ];
}

async function struckBy(fault: Fault, width: number, encoding?: string): Promise<RawAnswer> {
  simulator.faults.next(fault);
  return request(...exportOf(width, encoding));
}

function isArray(body: Buffer): boolean {
  try {
    return Array.isArray(JSON.parse(body.toString("utf8")));
  } catch {
    return false;
  }
}

/** What can be read of a compressed body that may have been cut. */
function gunzipWhatIsThere(body: Buffer): Buffer {
  return gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH });
}

test.each([
  ["401", 401, '{"message":"Unauthorized"}', {}],
  ["403", 403, '{"message":"Forbidden"}', {}],
  ["404", 404, '{"message":"The requested resource could not be found"}', {}],
  ["408", 408, "", {}],
  ["429", 429, '{"message":"Too Many Requests"}', {}],
  ["429-retry-after", 429, "", { "retry-after": "7" }],
  ["500", 500, '{"message":"There was an internal server error"}', {}],
  ["502", 502, "", {}],
  ["502-html", 502, "<html><h1>Bad gateway</h1></html>", { "content-type": "text/html" }],
  ["503", 503, "", { "retry-after": "3" }],
  ["504", 504, "", {}],
  ["200-html", 200, "<html><h1>Please wait</h1></html>", { "content-type": "text/html" }],
  ["object", 200, '{"message":"not an array"}', {}],
  ["empty", 200, "", {}],
] as const)("%s is an answer of its own", async (fault, status, body, headers) => {
  const answer = await struckBy(fault, DAY);
  expect(answer).toMatchObject({ status, headers, end: "complete" });
  expect(answer.body.toString("utf8")).toBe(body);
  if (fault === "429") expect(answer.headers["retry-after"]).toBeUndefined();
});

test("reset closes the connection before anything is said", async () => {
  expect(await struckBy("reset", DAY)).toMatchObject({ status: 0, end: "broken" });
  expect(simulator.requests).toMatchObject([{ status: 0, fault: "reset" }]);
});

describe.each(WINDOWS)("%s", (_size, width) => {
  let whole: Buffer;

  beforeEach(async () => {
    whole = (await request(...exportOf(width))).body;
    expect(isArray(whole)).toBe(true);
  });

  test.each([undefined, "gzip"])("cut breaks a chunked body off, encoding %s", async (encoding) => {
    const { status, headers, body, end } = await struckBy("cut", width, encoding);
    expect([status, headers["transfer-encoding"], end]).toEqual([200, "chunked", "broken"]);
    const read = encoding === undefined ? body : gunzipWhatIsThere(body);
    expect(whole.subarray(0, read.length).equals(read)).toBe(true);
  });

  test.each([undefined, "gzip"])(
    "short keeps less than its length promises, encoding %s",
    async (encoding) => {
      const { headers, body, end } = await struckBy("short", width, encoding);
      expect(Number(headers["content-length"])).toBeGreaterThan(body.length);
      expect([headers["transfer-encoding"], end]).toEqual([undefined, "broken"]);
    },
  );

  test("cut-gzip loses the end of a compressed body that ends politely", async () => {
    const { headers, body, end } = await struckBy("cut-gzip", width, "gzip");
    expect([headers["content-encoding"], end]).toEqual(["gzip", "complete"]);
    expect(() => gunzipSync(body)).toThrow("unexpected end of file");
  });

  test("unclosed ends politely and without its last bracket", async () => {
    const { body, end } = await struckBy("unclosed", width);
    expect(end).toBe("complete");
    expect(body.length).toBeLessThan(whole.length);
    expect(whole.subarray(0, body.length).equals(body)).toBe(true);
  });

  test("garbage stands within a body that is complete otherwise", async () => {
    const { body, end } = await struckBy("garbage", width);
    expect(end).toBe("complete");
    expect(isArray(body)).toBe(false);
    const text = body.toString("latin1");
    const at = text.indexOf("\u0000}garbage");
    expect(text.slice(0, at) + text.slice(at + 9)).toBe(whole.toString("latin1"));
  });

  test("stall says nothing more, until the simulator closes", async () => {
    simulator.faults.next("stall");
    const answer = startRequest(...exportOf(width));
    await answer.begun;
    let isEnded = false;
    void answer.ended.then(() => (isEnded = true));
    // Another request in the meantime, so that there was time for an end.
    expect((await request(...exportOf(DAY))).end).toBe("complete");
    expect(isEnded).toBe(false);
    await simulator.close();
    expect(await answer.ended).toMatchObject({ status: 200, end: "broken" });
  });
});

test("no fault spoils the request after it", async () => {
  for (const fault of ALL_FAULTS.filter((name) => name !== "stall")) {
    await struckBy(fault, DAY);
    expect(isArray((await request(...exportOf(DAY))).body)).toBe(true);
  }
  const struck = simulator.requests.flatMap(({ fault }) => fault ?? []);
  expect(struck).toEqual(ALL_FAULTS.filter((name) => name !== "stall"));
});

test("faults strike small answers of the Dixa API too", async () => {
  const headers = { authorization: simulator.token };
  const url = `${simulator.apiUrl}/v1/organization`;
  for (const fault of ["unclosed", "garbage"] as const) {
    simulator.faults.next(fault);
    const { body } = await request(url, { headers });
    expect(() => JSON.parse(body.toString("utf8")) as unknown).toThrow();
  }
  simulator.faults.next("cut");
  expect((await request(url, { headers })).end).toBe("broken");
});

test("by rate, the same seed strikes the same requests in the same way", async () => {
  const run = async (seed: number) => {
    const other = await startDixaSimulator({
      seed,
      conversations: 10,
      limits: false,
      faults: { rate: 0.4, kinds: ["500", "503", "empty"] },
    });
    const headers = { authorization: other.token };
    for (let i = 0; i < 60; i++) await request(`${other.apiUrl}/v1/organization`, { headers });
    await other.close();
    return other.requests.map(({ fault }) => fault);
  };
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
  const struck = first.filter((fault) => fault !== undefined);
  expect(new Set(struck)).toEqual(new Set(["500", "503", "empty"]));
  expect(struck.length).toBeGreaterThan(10);
  expect(struck.length).toBeLessThan(40);
});

test("a script comes before a decision, a decision before the rate", async () => {
  simulator.faults.set({
    rate: 1,
    kinds: ["504"],
    decide: ({ host, path, query }) =>
      host === "api" && path === "/v1/organization" && query.get("x") === "1" ? "503" : undefined,
  });
  simulator.faults.next("502");
  const headers = { authorization: simulator.token };
  const statuses: number[] = [];
  for (const query of ["?x=1", "?x=1", ""]) {
    statuses.push((await request(`${simulator.apiUrl}/v1/organization${query}`, { headers })).status);
  }
  expect(statuses).toEqual([502, 503, 504]);
});
