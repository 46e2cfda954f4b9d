import { afterEach, beforeEach } from "@jest/globals";

import { AirbyteApi, type AirbyteApiOptions } from "../../../src/airbyte/api/client.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";
import { withoutNetwork } from "../../support/without-network.ts";
import { BASE } from "./answers.ts";

export const ORIGIN = "http://airbyte.test";

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
  withoutNetwork();
  beforeEach(() => {
    Object.assign(current, apiWith(options));
  });
  afterEach(() => {
    current.api.close();
  });
  return current;
}
