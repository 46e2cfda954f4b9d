import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { checkAccess } from "../../src/dixa/check.ts";
import { type Dixa } from "../../src/dixa/dixa.ts";
import { dixaOf, TOKEN } from "../support/dixa.ts";
import { type Handler, Loopback } from "../support/loopback.ts";

const NOW = Date.UTC(2025, 5, 1, 12);
const MAKE_TOKEN =
  "Make one in Dixa under Settings > Integrations > API tokens, with “Dixa API” as the API version " +
  "(tokens of the old “Integrations API” do not work).";

let exports: Loopback;
let api: Loopback;
let onExports: Handler;
let onApi: Handler;
let dixa: Dixa;

const answer =
  (status: number, body: string): Handler =>
  (_, response) => {
    response.writeHead(status).end(body);
  };
const goodExports = answer(200, "[]");
const goodApi = answer(200, '{"data":{"name":"Acme"}}');
const html = "<html><head><title>502 Bad Gateway</title></head></html>";

function open(tuning: { idleTimeoutMs?: number } = {}): Dixa {
  return dixaOf({ exportsUrl: exports.url.origin, apiUrl: api.url.origin, ...tuning });
}

beforeEach(async () => {
  onExports = goodExports;
  onApi = goodApi;
  exports = await Loopback.start((request, response) => {
    onExports(request, response);
  });
  api = await Loopback.start((request, response) => {
    onApi(request, response);
  });
  dixa = open();
});

afterEach(async () => {
  dixa.close();
  await exports.close();
  await api.close();
});

/** The failure that a person is told; undefined if all is well. */
async function told(signal?: AbortSignal): Promise<{ message: string; failureType: string } | undefined> {
  try {
    await checkAccess(dixa, NOW, { maxFailures: 3, signal });
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: "ConnectorError" });
    const { message, failureType } = error as { message: string; failureType: string };
    expect(`${message} ${JSON.stringify(error)}`).not.toContain(TOKEN);
    return { message, failureType };
  }
}

describe("check", () => {
  test("asks each host for something small", async () => {
    expect(await told()).toBeUndefined();
    expect(exports.requests).toEqual([
      `GET /v1/conversation_export?updated_after=${NOW - 60_000}&updated_before=${NOW}`,
    ]);
    expect(api.requests).toEqual([
      "GET /v1/conversations/activitylog?pageLimit=1&fromDatetime=2025-06-01T11%3A59%3A00Z&toDatetime=2025-06-01T12%3A00%3A00Z",
    ]);
  });

  test("asks nothing that the streams don't need: a token may be barred from it", async () => {
    onApi = ({ url = "" }, response) => {
      response.writeHead(url.startsWith("/v1/conversations/activitylog?") ? 200 : 403).end('{"data":[]}');
    };
    expect(await checkAccess(dixa, NOW, { maxFailures: 3 })).toEqual([]);
  });

  test("takes a token that may not read the activity log, and says so", async () => {
    onApi = answer(403, "");
    expect(await checkAccess(dixa, NOW, { maxFailures: 3 })).toEqual([
      "The API token is not allowed to read the activity log (403): untick the stream activity_logs, or ask a Dixa " +
        "admin for a token with that right",
    ]);
  });

  test("tells a wrong token", async () => {
    onExports = onApi = answer(401, '{"message":"Unauthorized"}');
    expect(await told()).toEqual({
      failureType: "config_error",
      message: `Exports API: Dixa does not accept the API token (401). ${MAKE_TOKEN}`,
    });
  });

  test("tells a token of the old Integrations API by what it opens", async () => {
    onApi = answer(401, '{"message":"Unauthorized"}');
    expect(await told()).toEqual({
      failureType: "config_error",
      message:
        "The API token opens Dixa's Exports API but not the Dixa API (401). It was probably made for the old " +
        "“Integrations API”: make a new one in Dixa under Settings > Integrations > API tokens, with “Dixa API” as " +
        "the API version.",
    });
  });

  test("tells a token that the Exports API alone refuses", async () => {
    onExports = answer(401, "");
    expect(await told()).toMatchObject({
      failureType: "config_error",
      message: `Exports API: Dixa does not accept the API token (401). ${MAKE_TOKEN}`,
    });
  });

  test.each([
    ["the Exports API", () => (onExports = answer(403, ""))],
    ["both", () => (onExports = onApi = answer(403, ""))],
  ])("tells missing rights on %s", async (_, refuse) => {
    refuse();
    expect(await told()).toEqual({
      failureType: "config_error",
      message: `Exports API: Dixa accepts the API token but gives it no right to read this (403). Ask a Dixa admin. ${MAKE_TOKEN}`,
    });
  });

  test("tells a host that can't be reached, after three tries", async () => {
    await exports.close();
    expect(await told()).toEqual({
      failureType: "transient_error",
      message:
        `Exports API: Dixa can't be reached: GET ${exports.url.origin}/v1/conversation_export` +
        `?updated_after=${NOW - 60_000}&updated_before=${NOW} failed: ECONNREFUSED`,
    });
  });

  test("tells a host that is down", async () => {
    onApi = answer(503, html);
    expect(await told()).toEqual({
      failureType: "transient_error",
      message:
        "Dixa API: Dixa keeps answering with status 503. It usually heals by itself; see status.dixa.io.",
    });
    expect(api.requests).toHaveLength(3);
  });

  test("tells a gateway's page in place of an answer", async () => {
    onExports = answer(200, html);
    expect(await told()).toEqual({
      failureType: "transient_error",
      message:
        "Exports API: Dixa's answer can't be read: the body is not an array: it starts with " +
        '"<html><head><title>502 Bad Gateway</titl"',
    });
  });

  test("tells an answer that stops in its middle", async () => {
    dixa.close();
    dixa = open({ idleTimeoutMs: 50 });
    onExports = (_, response) => void response.write("[");
    expect((await told())?.message).toMatch(
      /^Exports API: Dixa's answer can't be read: GET .* sent no byte for 0.05 s$/,
    );
  });

  test("ends with the caller's signal", async () => {
    const stop = new AbortController();
    onExports = onApi = () => {
      stop.abort(new Error("out of time"));
    };
    expect(await told(stop.signal)).toMatchObject({
      message: "Exports API: Something unexpected went wrong: out of time",
    });
  });
});
