import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";

import { FIXED_ACCOUNT } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { messagesOf } from "../support/messages.ts";
import { acceptance, configAt, repositoryFile, repositoryJson } from "./acceptance-config.ts";
import { CATALOG_RULES, type DiscoveredStream } from "./catalog-rules.ts";
import { type Outcome, targets } from "./target.ts";

const metadataSchema = z.looseObject({
  data: z.looseObject({
    allowedHosts: z.looseObject({ hosts: z.array(z.string()).min(1) }),
    suggestedStreams: z.looseObject({ streams: z.array(z.string()).min(1) }),
  }),
});

describe.each(targets())("discover of $name", (target) => {
  let simulator: DixaSimulator;
  let outcome: Outcome;
  let streams: readonly DiscoveredStream[];

  beforeAll(async () => {
    simulator = await startDixaSimulator(FIXED_ACCOUNT);
    const config = configAt(acceptance.acceptance_tests.discovery.tests[0]?.config_path ?? "", simulator);
    outcome = await target.run("discover", { config });
    streams = (messagesOf(outcome.messages, "CATALOG")[0]?.catalog.streams ??
      []) as readonly DiscoveredStream[];
  });

  afterAll(async () => {
    await simulator.close();
  });

  test("CAT, test_discover; FAST, test_discover: exactly one CATALOG and no error", () => {
    expect(outcome.messages.map(({ type }) => type)).toEqual(["CATALOG"]);
    expect(outcome.exitCode).toBe(0);
  });

  test.each(Object.entries(CATALOG_RULES))("CAT, %s", (_name, rule) => {
    expect(rule(streams)).toEqual([]);
  });

  test("CAT, test_backward_compatibility: streams and their types are those of the reviewed catalog", () => {
    const golden = repositoryJson("spec/golden/catalog.json");
    expect(outcome.messages[0]).toEqual(golden);
  });

  test("CAT, TestConnectorAttributes: allowedHosts and suggestedStreams are set, and name what exists", () => {
    const { data } = metadataSchema.parse(parse(repositoryFile("metadata.yaml")));
    const names = streams.map(({ name }) => name);
    expect(data.suggestedStreams.streams.filter((name) => !names.includes(name))).toEqual([]);
  });
});
