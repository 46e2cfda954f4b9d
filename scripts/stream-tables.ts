import { readFile, writeFile } from "node:fs/promises";

import { format } from "prettier";

import { fieldsOf, PERSONAL_KINDS } from "../src/dixa/personal.ts";
import { CONVERSATION_UPDATED_AT } from "../src/dixa/streams/followed.ts";
import { streams } from "../src/dixa/streams/index.ts";
import { type DixaStream } from "../src/dixa/streams/stream.ts";

/**
 * Writes the tables of streams and of personal fields into the connector's page, between their marks, so that they say
 * what the code does. With `--check` it writes nothing and fails if the page is out of date.
 */
const PAGE = "docs/integrations/sources/dixa.md";
const page = new URL(`../${PAGE}`, import.meta.url);
const code = (text: string) => `\`${text}\``;

/** Paths of the windowed streams, which say themselves how they ask. */
const WINDOWED: Readonly<Record<string, [endpoint: string, requests: string]>> = {
  conversations: ["`/v1/conversation_export` by `updated_*`, of the Exports API", "12 for a year"],
  messages: ["`/v1/message_export` by `created_*`, of the Exports API", "12 for a year"],
  activity_logs: ["`/v1/conversations/activitylog`", "1 for 10,000 activities, 5 or more for a year"],
};

function endpointAndRequests(stream: DixaStream): readonly [string, string] {
  switch (stream.kind) {
    case "windowed":
      return WINDOWED[stream.name] ?? ["", ""];
    case "followed":
      return [code(stream.path), "100,000, and 12 for a year that the three share"];
    case "listed": {
      const { list, parents } = stream;
      const requests =
        parents === undefined
          ? list.paged === true
            ? "1 for the last 100 rows, 2 for each 100 before"
            : "1"
          : "values" in parents
            ? String(parents.values.length)
            : parents.parents === undefined
              ? "1 for each parent, and 1"
              : "1 for each parent and each of its own, and 1";
      return [code(list.path), requests];
    }
  }
}

function streamTable(): string {
  const rows = streams.map((stream) => {
    const [endpoint, requests] = endpointAndRequests(stream);
    const cursor =
      stream.kind === "listed"
        ? "none"
        : code(stream.kind === "windowed" ? stream.cursorField : CONVERSATION_UPDATED_AT);
    const key = stream.primaryKey.map(code).join(", ");
    return `| ${[code(stream.name), stream.kind, key, cursor, endpoint, requests, stream.description].join(" | ")} |`;
  });
  return [
    "| Stream | Kind | Primary key | Cursor | Endpoint | Requests for 100,000 conversations | What it holds |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function personalTable(): string {
  const rows = PERSONAL_KINDS.flatMap((kind) =>
    streams.flatMap(({ name, schema }) => {
      const paths = Array.from(fieldsOf(schema)).filter(({ kinds }) => kinds?.includes(kind) === true);
      const fields = [...new Set(paths.map(({ path }) => code(path)))].join(", ");
      return fields === "" ? [] : [`| ${code(kind)} | ${code(name)} | ${fields} |`];
    }),
  );
  return ["| Kind | Stream | Fields |", "|---|---|---|", ...rows].join("\n");
}

const before = await readFile(page, "utf8");
let after = before;
for (const [name, table] of Object.entries({ streams: streamTable(), personal: personalTable() })) {
  const marked = new RegExp(`(<!-- ${name}: npm run stream-tables -->\\n)[^]*?(<!-- end of ${name} -->)`);
  if (!marked.test(after)) throw new Error(`${PAGE} has no marks for the table "${name}"`);
  after = after.replace(marked, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
}
after = await format(after, { parser: "markdown", printWidth: 110 });
if (!process.argv.includes("--check")) await writeFile(page, after);
else if (after !== before) {
  process.stderr.write(`${PAGE} is out of date: run "npm run stream-tables" and look at the difference\n`);
  process.exitCode = 1;
}
