import { chmod } from "node:fs/promises";

import { describe, expect, test } from "@jest/globals";

import { errorsOf, messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type AirbyteMessage } from "../../../src/airbyte/protocol/messages.ts";
import { streams } from "../../../src/dixa/streams/index.ts";
import { catalogOf, ConnectorBench, type ConnectorRun } from "../../support/connector.ts";
import { endOf, messagesIn, startProgram } from "../../support/program.ts";

const bench = ConnectorBench.perFile();

const warnings = (messages: readonly AirbyteMessage[]) =>
  messagesOf(messages, "LOG")
    .filter(({ log }) => log.level === "WARN")
    .map(({ log }) => log.message);

/** One ERROR of this type and message, nothing read, status 1. */
function expectRefusal(run: ConnectorRun, message: string): void {
  expect(errorsOf(run.messages)).toEqual([
    expect.objectContaining({ failure_type: "config_error", message }),
  ]);
  expect([run.code, run.stderr]).toEqual([1, ""]);
  expect(messagesOf(run.messages, "RECORD")).toEqual([]);
}

const NO_DATE =
  "must be a date that exists, written YYYY-MM-DD or YYYY-MM-DDTHH:mm:ssZ (UTC), for example 2024-01-31";

describe("a bad configuration is a failed check with status 0, and ends a read as config_error", () => {
  test.each<[string, () => unknown, string | RegExp]>([
    ["nothing in the file", () => "", /^The config file \S+ is not JSON: it is empty\.$/],
    [
      "no JSON",
      () => '{"api_token": "tok3n-DIXA',
      /^The config file \S+ is not JSON: it has 25 characters that are not JSON\.$/,
    ],
    [
      "a list",
      () => [bench.config()],
      "The configuration is not valid: it is a list of 1, but must be an object",
    ],
    [
      "no fields",
      () => ({}),
      "The configuration is not valid: api_token is missing, but must be a string; start_date is missing, but must be a string",
    ],
    [
      "fields of wrong types",
      () => bench.config({ start_date: 20240101, batch_size: "31", num_workers: [4] }),
      "The configuration is not valid: start_date is an integer, but must be a string; " +
        "batch_size is a string of 2 characters, but must be a number; num_workers is a list of 1, but must be a number",
    ],
    [
      "a date that doesn't exist",
      () => bench.config({ start_date: "2024-02-30" }),
      `The configuration is not valid: start_date is a string of 10 characters, but ${NO_DATE}`,
    ],
    [
      "a start in the future",
      () => bench.config({ start_date: "2999-01-01" }),
      "The configuration is not valid: start_date 2999-01-01T00:00:00Z lies in the future. Choose a day that has passed.",
    ],
    [
      "an end before the start",
      () => bench.config({ start_date: "2024-02-01", end_date: "2024-01-01" }),
      "The configuration is not valid: end_date 2024-01-01T00:00:00Z is not after start_date 2024-02-01T00:00:00Z. " +
        "Choose a later end_date, or leave it empty to read up to now.",
    ],
    [
      "an end at the start",
      () => bench.config({ end_date: "2024-01-01T00:00:00Z" }),
      "The configuration is not valid: end_date 2024-01-01T00:00:00Z is not after start_date 2024-01-01T00:00:00Z. " +
        "Choose a later end_date, or leave it empty to read up to now.",
    ],
    [
      "pseudonyms without a secret worth the name",
      () => bench.config({ privacy: { names: "pseudonymize", pseudonym_secret: "too-short" } }),
      "The configuration is not valid: privacy.pseudonym_secret is a string of 9 characters, but must be 16 characters " +
        "or more: make one up, for example with openssl rand -hex 32",
    ],
    [
      "a rolling window that begins after the end",
      () => bench.config({ end_date: "2024-02-01", rolling_window_days: 30 }),
      /^The configuration is not valid: rolling_window_days 30 reaches back to \S+, which is not before end_date 2024-02-01T00:00:00Z, so nothing is left to read\. Leave one of the two empty, or choose more days or a later end_date\.$/,
    ],
    [
      "an empty token",
      () => bench.config({ api_token: " " }),
      /^The configuration is not valid: api_token is a string of 1 characters, but must not be empty: paste the token /,
    ],
    [
      "the token sent in the clear",
      () => bench.config({ api_url: "http://proxy.example.com" }),
      "The configuration is not valid: api_url is a string of 24 characters, but must be an https address without path " +
        "or credentials, for example https://proxy.example.com (http only for this machine)",
    ],
  ])("%s", async (_, content, message) => {
    const config = await bench.file(content());
    const catalog = await bench.file(catalogOf("messages"));
    const [checked, read] = await Promise.all([
      bench.run("check", "--config", config, "--debug"),
      bench.run("read", "--config", config, "--catalog", catalog),
    ]);
    const told: unknown = typeof message === "string" ? message : expect.stringMatching(message);
    expect(checked.messages).toEqual([
      { type: "CONNECTION_STATUS", connectionStatus: { status: "FAILED", message: told } },
    ]);
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expectRefusal(read, told as string);
    expect(read.messages).toHaveLength(1);
  });

  test.each([
    ["a file that is missing", () => `${bench.folder}/none.json`, "there is no such file"],
    ["a folder", () => bench.folder, "it is a folder"],
  ])("%s", async (_, path, reason) => {
    const message = `The config file ${path()} can't be read: ${reason}. Check the path after --config.`;
    const checked = await bench.run("check", "--config", path());
    expect(checked.messages).toEqual([
      { type: "CONNECTION_STATUS", connectionStatus: { status: "FAILED", message } },
    ]);
    expect(checked.code).toBe(0);
    expectRefusal(await bench.run("discover", "--config", path()), message);
  });

  test("a file that this user may not read", async () => {
    const path = await bench.file(bench.config());
    await chmod(path, 0o000);
    await chmod(bench.folder, 0o755);
    // Root may read everything, so it steps down.
    const options = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const end = await endOf(startProgram("dist/source-dixa.js", ["check", "--config", path], options));
    expect(messagesIn(end)).toEqual([
      {
        type: "CONNECTION_STATUS",
        connectionStatus: {
          status: "FAILED",
          message: `The config file ${path} can't be read: it may not be read by this user. Check the path after --config.`,
        },
      },
    ]);
  });

  test("an empty text in an optional field is no value", async () => {
    const blanks = {
      end_date: "",
      rolling_window_days: "",
      credential_id: " ",
      num_workers: "",
      lookback_minutes: "",
    };
    const { messages } = await bench.run("check", "--config", await bench.file(bench.config(blanks)));
    expect(messages).toEqual([{ type: "CONNECTION_STATUS", connectionStatus: { status: "SUCCEEDED" } }]);
  });

  test("unknown fields do no harm, but are named", async () => {
    const config = await bench.file(bench.config({ page_size: 5, _note: "mine", batch_size: null }));
    const { messages, code } = await bench.run("check", "--config", config);
    expect(warnings(messages)).toEqual([
      expect.stringMatching(
        /^The configuration has fields that this connector does not know: page_size\. They are ignored; it knows api_token, start_date, /,
      ),
    ]);
    expect(messages.at(-1)).toMatchObject({ connectionStatus: { status: "SUCCEEDED" } });
    expect(code).toBe(0);
  });
});

describe("a bad catalog ends a read as config_error:", () => {
  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{streams", /^The catalog file \S+ is not JSON: it has 8 characters that are not JSON\.$/],
    ["a list", [], /^The catalog is not a configured catalog: it is a list of 0\. It must look like /],
    [
      "what discover prints",
      { type: "CATALOG", catalog: { streams: [] } },
      /^The catalog is not a configured catalog: streams is missing\. /,
    ],
  ])("%s", async (_, content, message) => {
    const config = await bench.file(bench.config());
    const run = await bench.run("read", "--config", config, "--catalog", await bench.file(content));
    expectRefusal(run, expect.stringMatching(message) as unknown as string);
  });

  test("a file that is missing", async () => {
    const run = await bench.run(
      "read",
      "--config",
      await bench.file(bench.config()),
      "--catalog",
      "/none.json",
    );
    expectRefusal(
      run,
      "The catalog file /none.json can't be read: there is no such file. Check the path after --catalog.",
    );
  });

  test.each<[string, [string, string | null], string]>([
    [
      "an unknown stream",
      ["invoices", "incremental"],
      `There is no stream "invoices". Streams: ${streams.map(({ name }) => name).join(", ")}. ` +
        "Refresh the connection's schema.",
    ],
    [
      "an unknown mode",
      ["messages", "INVALID"],
      'The stream "messages" has the unknown sync mode "INVALID". Choose full_refresh or incremental.',
    ],
  ])("%s, of which the other streams don't suffer", async (_, odd, message) => {
    const catalog = await bench.file(catalogOf(odd, "activity_logs"));
    const run = await bench.run("read", "--config", await bench.file(bench.config()), "--catalog", catalog);
    expect(errorsOf(run.messages)).toEqual([
      { message, failure_type: "config_error", stream_descriptor: { name: odd[0] } },
    ]);
    expect(statusesOf(run.messages, odd[0])).toEqual(["STARTED", "INCOMPLETE"]);
    expect(statusesOf(run.messages, "activity_logs")).toEqual(["STARTED", "RUNNING", "COMPLETE"]);
    expect(statesOf(run.messages, "activity_logs").length).toBeGreaterThan(0);
    expect([run.code, run.stderr]).toEqual([1, ""]);
  });
});

describe("a bad state", () => {
  const read = async (state: unknown, streams = ["messages", "activity_logs"]) =>
    bench.run(
      ...["read", "--config", await bench.file(bench.config())],
      ...["--catalog", await bench.file(catalogOf(...streams)), "--state", await bench.file(state)],
    );
  const stateOf = (name: string, state: unknown) => [
    { type: "STREAM", stream: { stream_descriptor: { name }, stream_state: state } },
  ];

  test.each<[string, unknown, RegExp]>([
    [
      "that is no JSON",
      '[{"type":',
      /^The state file \S+ is not JSON: it has 9 characters that are not JSON\.$/,
    ],
    [
      "that is a text",
      '"abc"',
      /^The state is not usable: it holds a string of 3 characters where a STATE message should be\. /,
    ],
    [
      "that is damaged",
      [{ type: "STREAM" }],
      /^The state is not usable: it holds an object with type where a STATE message should be\. /,
    ],
  ])("%s ends the read as config_error", async (_, state, message) => {
    expectRefusal(await read(state), expect.stringMatching(message) as unknown as string);
  });

  test("in a file that is missing ends the read as config_error", async () => {
    const files = [
      "--config",
      await bench.file(bench.config()),
      "--catalog",
      await bench.file(catalogOf("messages")),
    ];
    expectRefusal(
      await bench.run("read", ...files, "--state", "/none.json"),
      "The state file /none.json can't be read: there is no such file. Check the path after --state.",
    );
  });

  test.each<[string, unknown, string]>([
    ["that is corrupt", { created_at: "yesterday" }, '"created_at" is no instant'],
    ["of another stream's kind", { updated_at: 1704067200000 }, 'it has no "created_at"'],
  ])("of one stream %s ends that stream, and not the others", async (_, state, problem) => {
    const run = await read(stateOf("messages", state));
    expect(errorsOf(run.messages)).toEqual([
      {
        message:
          `The saved state of the stream "messages" can't be read: ${problem}. ` +
          "Reset (clear) the stream in Airbyte, or pass a state file that this connector has written.",
        failure_type: "config_error",
        stream_descriptor: { name: "messages" },
      },
    ]);
    expect(statusesOf(run.messages, "messages")).toEqual(["STARTED", "INCOMPLETE"]);
    expect(statusesOf(run.messages, "activity_logs").at(-1)).toBe("COMPLETE");
    expect(run.code).toBe(1);
  });

  test("of a stream that doesn't exist is named, and ignored", async () => {
    const run = await read(stateOf("invoices", { id: 1 }), ["messages"]);
    expect(warnings(run.messages)).toContain(
      "The state holds streams that this connector does not have, which are ignored: invoices",
    );
    expect([run.code, statusesOf(run.messages, "messages").at(-1)]).toEqual([0, "COMPLETE"]);
  });

  test.each<[string, string, unknown]>([
    ["messages", "created_at", Date.UTC(2999, 0, 1)],
    ["activity_logs", "activityTimestamp", "2999-01-01T00:00:00.000Z"],
    ["activity_logs", "activityTimestamp", 99_999_999_999_999],
  ])(
    "of %s from the future (%s %j) reads nothing, keeps the state and says so",
    async (stream, cursor, value) => {
      const run = await read(stateOf(stream, { [cursor]: value }), [stream]);
      expect(warnings(run.messages)).toContainEqual(
        expect.stringMatching(
          `^${stream}: the saved state \\(\\S+\\) lies after the time of this sync, \\S+ \\(the earlier of this machine's ` +
            "clock and Dixa's\\), so there is nothing to read\\. If a clock was wrong, the next sync after it is right again " +
            "goes on by itself; if the state is wrong, refresh the stream$",
        ),
      );
      const states = statesOf(run.messages, stream);
      expect(states).toHaveLength(1);
      const kept = states[0]?.stream?.stream_state?.[cursor];
      const isDateTime = cursor === "activityTimestamp";
      expect(isDateTime ? Date.parse(String(kept)) : kept).toBe(new Date(value as string).getTime());
      expect([run.code, statusesOf(run.messages, stream)]).toEqual([0, ["STARTED", "RUNNING", "COMPLETE"]]);
      expect(messagesOf(run.messages, "RECORD")).toEqual([]);
    },
  );
});

test("rows over sockets, which this connector doesn't put out, are refused", async () => {
  const args = [
    ...["read", "--config", await bench.file(bench.config())],
    ...["--catalog", await bench.file(catalogOf("messages"))],
  ];
  const env = { ...process.env, DATA_CHANNEL_MEDIUM: "SOCKET" };
  const end = await endOf(startProgram("dist/source-dixa.js", args, { env }));
  expect(errorsOf(messagesIn(end))).toEqual([
    {
      failure_type: "config_error",
      message:
        "Airbyte asks for rows over sockets (DATA_CHANNEL_MEDIUM=SOCKET), and this connector puts them out on stdout. " +
        "Let it run with DATA_CHANNEL_MEDIUM=STDIO.",
    },
  ]);
  expect(end.code).toBe(1);
});
