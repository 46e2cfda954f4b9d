import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { FIXED_ACCOUNT } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { messagesOf } from "../support/messages.ts";
import { expectTruth } from "../support/truth.ts";
import { acceptance, configAt, repositoryJson } from "./acceptance-config.ts";
import { targets } from "./target.ts";

let simulator: DixaSimulator;

beforeAll(async () => {
  simulator = await startDixaSimulator(FIXED_ACCOUNT);
});

afterAll(async () => {
  await simulator.close();
});

test.each(targets())(
  "CAT, test_sequential_reads, of $name: the second read is as complete, and later",
  async (target) => {
    for (const { config_path: configPath, configured_catalog_path: catalogPath } of acceptance
      .acceptance_tests.full_refresh.tests) {
      const config = configAt(configPath, simulator);
      const catalog = repositoryJson(catalogPath ?? "");
      const first = await target.run("read", { config, catalog });
      await new Promise((resolve) => setTimeout(resolve, 100));
      const second = await target.run("read", { config, catalog });
      for (const { messages } of [first, second]) expectTruth(messages, simulator);
      const times = [first, second].map(({ messages }) =>
        messagesOf(messages, "RECORD").map(({ record }) => record.emitted_at),
      );
      expect(Math.max(...(times[0] ?? []))).toBeLessThan(Math.min(...(times[1] ?? [])));
    }
  },
);
