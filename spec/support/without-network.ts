import { afterEach, beforeEach, expect } from "@jest/globals";

import { nock } from "./nock.ts";

/** For each test of the file: nock alone answers, and every answer that a test lays out must be fetched. */
export function withoutNetwork(): void {
  beforeEach(() => {
    nock.disableNetConnect();
  });
  afterEach(() => {
    const pending = nock.pendingMocks();
    nock.cleanAll();
    nock.enableNetConnect();
    expect(pending).toEqual([]);
  });
}
