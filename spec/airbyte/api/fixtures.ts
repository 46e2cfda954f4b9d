import { afterAll, afterEach, beforeEach, expect } from "@jest/globals";
import nock from "nock";

import { AirbyteApi, type AirbyteApiOptions } from "../../../src/airbyte/api/client.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

export const ORIGIN = "http://airbyte.test";
export const BASE = "/api/public/v1";
export const CONNECTION = "18dccc91-0ab1-4f72-9ed7-0b8fc27c5826";

/** A client that asks without credentials, unless it is told otherwise. */
export function apiWith(
  options: Partial<AirbyteApiOptions> = {},
  clock = new SkippingClock(Date.UTC(2026, 0, 1)),
): { api: AirbyteApi; clock: SkippingClock } {
  const auth = { mode: "none" } as const;
  return { clock, api: new AirbyteApi({ url: ORIGIN + BASE, userAgent: "test", auth, clock, ...options }) };
}

/** A client anew for each test of the file, without a network; every answer that a test lays out must be asked for. */
export function clientPerTest(options: Partial<AirbyteApiOptions> = {}): {
  readonly api: AirbyteApi;
  readonly clock: SkippingClock;
} {
  const current = apiWith(options);
  beforeEach(() => {
    nock.disableNetConnect();
    Object.assign(current, apiWith(options));
  });
  afterEach(() => {
    current.api.close();
    expect(nock.pendingMocks()).toEqual([]);
    nock.cleanAll();
    nock.enableNetConnect();
  });
  // Node's own modules are the same for all files of a worker: what stays patched is patched for the next one, too.
  afterAll(() => {
    nock.restore();
  });
  return current;
}

export function job(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    jobId: 1234,
    status: "pending",
    jobType: "sync",
    startTime: "2023-03-25T01:30:50Z",
    connectionId: CONNECTION,
    ...more,
  };
}

/** An error of the public API, as its servers put it. */
export function problem(
  status: number,
  title: string,
  detail: string,
  data?: Record<string, unknown>,
): Record<string, unknown> {
  const fragment = title === "state-conflict" ? "409-state-conflict" : title;
  const type = `https://reference.airbyte.com/reference/errors#${fragment}`;
  return { status, type, title, detail, ...(data === undefined ? {} : { data }) };
}
