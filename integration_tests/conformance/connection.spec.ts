import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { FIXED_ACCOUNT } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { messagesOf } from "../support/messages.ts";
import { acceptance, configAt } from "./acceptance-config.ts";
import { targets } from "./target.ts";

describe.each(targets())("check of $name", (target) => {
  let simulator: DixaSimulator;

  beforeAll(async () => {
    simulator = await startDixaSimulator(FIXED_ACCOUNT);
  });

  afterAll(async () => {
    await simulator.close();
  });

  test.each(acceptance.acceptance_tests.connection.tests)(
    "CAT, test_check; FAST, test_check: $config_path, $status",
    async ({ config_path: path, status }) => {
      const config = configAt(path, simulator);
      const { exitCode, messages, stdout, stderr } = await target.run("check", { config });
      const wanted = status === "succeed" ? "SUCCEEDED" : "FAILED";
      const statuses = messagesOf(messages, "CONNECTION_STATUS").map(
        ({ connectionStatus }) => connectionStatus,
      );
      expect(statuses.map((one) => one.status)).toEqual([wanted]);
      // A failed check says what to do about it.
      if (wanted === "FAILED") expect(statuses[0]?.message?.length).toBeGreaterThan(30);
      // A configuration that does not work is no failure of the connector.
      expect(messagesOf(messages, "TRACE")).toEqual([]);
      expect(exitCode).toBe(0);
      // FAST, assert_no_secrets_in_output.
      expect(stdout + stderr).not.toContain(config["api_token"]);
    },
  );

  test("FAST, status exception: a configuration file that can't be read is told, not thrown", async () => {
    const { exitCode, messages, stderr } = await target.run("check", { config: "no object" });
    expect(
      messagesOf(messages, "CONNECTION_STATUS").map(({ connectionStatus }) => connectionStatus.status),
    ).toEqual(["FAILED"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });
});
