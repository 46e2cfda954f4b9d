import { afterEach, expect, test } from "@jest/globals";

import { type ErasureReading, ErasureSearch } from "../../../src/source/sync/erasure-search.ts";
import { dixaOf } from "../../support/dixa.ts";
import { Loopback } from "../../support/loopback.ts";

let server: Loopback;

afterEach(() => server.close());

test("a conversation is gone only if Dixa has none when asked for it alone", async () => {
  // Takes the first id of a request, and passes over the others without a word; 3 is gone.
  server = await Loopback.start(({ url = "" }, response) => {
    const [id] = new URL(url, "http://dixa.test").searchParams.get("csids")?.split(",") ?? [];
    response.end(id === "3" ? "[]" : `[{"id":${id ?? ""},"created_at":1000,"last_message_created_at":2000}]`);
  });
  const dixa = dixaOf({ exportsUrl: server.url.origin, apiUrl: server.url.origin });
  const reading = { dixa, drained: () => undefined, now: 5000 } as unknown as ErasureReading;
  const report = { requested: () => undefined, waiting: () => undefined, warned: () => undefined };
  const spans = await new ErasureSearch(reading).spansOf([1, 2, 3], report, new AbortController().signal);
  dixa.close();
  expect([...spans.keys()]).toEqual([1, 2]);
});
