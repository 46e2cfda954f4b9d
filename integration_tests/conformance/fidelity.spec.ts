import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { FIXED_ACCOUNT } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { messagesOf } from "../support/messages.ts";
import { configAt, repositoryJson } from "./acceptance-config.ts";
import { type DiscoveredStream } from "./catalog-rules.ts";
import { type Json, valuePaths } from "./json-walk.ts";
import { READ_RULES, schemaPaths } from "./record-rules.ts";
import { targets } from "./target.ts";

/** What the simulator sends that no version of Dixa's documents names: it must pass, and can't be declared. */
const OF_TOMORROW = [
  "conversations /a_field_of_tomorrow",
  "messages /form_submission/Order no.",
  "activity_logs /attributes/whatever",
  // Values by the id of the attribute: Dixa's documents give no names.
  "activity_logs /attributes/updatedAttributeValues/a1",
  "activity_logs /attributes/updatedAttributeValues/a2",
];
/** Where objects have whatever keys, or go on to any depth. */
const FREE = [
  "conversation_messages /attributes/formSubmission/values/",
  "custom_attributes /inputDefinition/options/[]/nestedOptions/[]/nestedOptions/[]/",
];

let simulator: DixaSimulator;
const [program] = targets();
let records: { stream: string; data: Json }[];
let streams: readonly DiscoveredStream[];

beforeAll(async () => {
  // Enough rows for every one of the simulator's shapes.
  simulator = await startDixaSimulator({
    ...FIXED_ACCOUNT,
    conversations: 300,
    messages: 2000,
    activityLogs: 2000,
  });
  const config = configAt("integration_tests/acceptance/configs/config.json", simulator);
  const catalog = repositoryJson("integration_tests/acceptance/catalogs/full-refresh.json");
  const { messages } = await program!.run("read", { config, catalog });
  records = messagesOf(messages, "RECORD").map(({ record }) => record);
  const discovered = await program!.run("discover", { config });
  streams = (messagesOf(discovered.messages, "CATALOG")[0]?.catalog.streams ??
    []) as readonly DiscoveredStream[];
});

afterAll(async () => {
  await simulator.close();
});

test("every field that Dixa sends is declared", () => {
  const declared = new Set(
    streams.flatMap(({ name, json_schema: schema }) => schemaPaths(schema).map((path) => `${name} ${path}`)),
  );
  const sent = new Set(
    records.flatMap(({ stream, data }) => Array.from(valuePaths(data), (path) => `${stream} ${path}`)),
  );
  const undeclared = [...sent].filter((path) => !declared.has(path));
  expect(
    undeclared.filter(
      (path) =>
        !OF_TOMORROW.some((known) => path === known || path.startsWith(`${known}/`)) &&
        !FREE.some((free) => path.startsWith(free)),
    ),
  ).toEqual([]);
  expect(OF_TOMORROW.filter((path) => !undeclared.includes(path))).toEqual([]);
});

test("and its type accepts what Dixa sends", () => {
  const messages = records.map(({ stream, data }) => ({
    type: "RECORD" as const,
    record: { stream, data, emitted_at: 1 },
  }));
  const names = streams.map(({ name }) => name).filter((name) => name !== "webhooks");
  expect(new Set(messages.map(({ record }) => record.stream))).toEqual(new Set(names));
  expect(READ_RULES["_validate_schema"]!({ messages, streams })).toEqual([]);
});
