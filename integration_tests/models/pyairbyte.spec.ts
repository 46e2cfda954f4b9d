import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";

import { type DixaStream } from "../../src/dixa/streams/stream.ts";
import { likelyHistories, likelyHistory } from "../simulators/dixa/data/histories.ts";
import { AGENTS, QUEUES } from "../simulators/dixa/data/people.ts";
import { type History } from "../simulators/dixa/data/story.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { expectedByKey, unslicedStreams } from "../support/expected-records.ts";
import { metricsOf, repliesByAgentAndDay, rounded, statusesOf, truthOf } from "./reference.ts";
import { SCENARIOS, SCHEDULE } from "./scenarios.ts";
import { type Warehouse, WAREHOUSES } from "./warehouses.ts";

type Row = Record<string, unknown>;

jest.setTimeout(900_000);

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOUR_MS = 3_600_000;
/** Raw tables where PyAirbyte is told to put them, and the schedule among others. */
const CACHE = { schema_name: "dixa_raw", table_prefix: "dx_" };
const VARS = { dixa_schema: "dixa_raw", dixa_table_prefix: "dx_", dixa_business_hours_schedule: "Main" };
const LIKELY = 60;
/** What happened up to the first sync, and what up to the second one. */
const [FIRST, SECOND] = [Date.now() - 3 * HOUR_MS, Date.now() - 60_000];
/** A column of a staging view, in its own text: member of Dixa's row, kind, name in the view. */
const COLUMN = /\['(\w+)', '(text|integer|number|boolean|json|timestamp|epoch_ms)', '(\w+)'\]/g;
/** Depend on when somebody looks. */
const MOVING = ["requestTime", "lastSeen"];

// Dixa's rows begin at these instants, and a sync brings nothing of the future.
const scenarios = Object.values(SCENARIOS).filter(({ conversation, activities, messages }) =>
  [conversation, ...activities, ...messages].every(({ cursor }) => cursor < FIRST),
);
const before = [...likelyHistories(LIKELY, 25, { seed: 3, until: FIRST })];
const after = before.map(({ conversation: { row } }) =>
  likelyHistory(row.id as number, row["created_at"] as number, { seed: 3, until: SECOND }),
);
const truths = [...scenarios, ...after].map(truthOf);

function tell({ dataset }: DixaSimulator, histories: readonly History[]): void {
  for (const { conversation, messages, activities } of histories) {
    dataset.add("conversations", conversation.row, conversation.cursor);
    for (const { row, cursor } of messages) dataset.add("messages", row, cursor);
    for (const { row, cursor } of activities) dataset.add("activity_logs", row, cursor);
  }
}

/** One sync of all streams. @throws Error with PyAirbyte's output when it fails */
async function sync(warehouse: Warehouse, simulator: DixaSimulator, folder: string): Promise<void> {
  const { name, options, env } = warehouse.cache;
  const child = spawn(
    join(ROOT, ".venv/acceptance/bin/python"),
    [fileURLToPath(new URL("load_with_pyairbyte.py", import.meta.url))],
    {
      cwd: folder,
      env: {
        ...env,
        PATH: process.env["PATH"] ?? "",
        HOME: folder,
        TZ: "America/New_York",
        AIRBYTE_LOGGING_ROOT: join(folder, "logs"),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    },
  );
  const config = simulator.config({
    exports_requests_per_minute: 6000,
    api_requests_per_second: 100,
    lookback_minutes: 240,
  });
  const program = join(ROOT, "dist/source-dixa.js");
  child.stdin.end(JSON.stringify({ program, config, cache: name, options: { ...options, ...CACHE } }));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`PyAirbyte ended with ${code ?? "a signal"}:\n${output.slice(-5000)}`);
}

/** The columns that a staging view takes from its stream, as its own text lists them. */
async function staged(stream: DixaStream): Promise<{ field: string; kind: string; column: string }[]> {
  const text = await readFile(join(ROOT, `models/models/staging/stg_dixa__${stream.name}.sql`), "utf8");
  return Array.from(text.matchAll(COLUMN), ([, field, kind, column]) => ({
    field: field!,
    kind: kind!,
    column: column!,
  }));
}

/** A value as both sides can have it: instants as ISO 8601, JSON as what it says. */
function comparable(kind: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (kind === "timestamp") return new Date(value as string).toISOString();
  return kind === "json" && typeof value === "string" ? (JSON.parse(value) as unknown) : value;
}

describe.each(WAREHOUSES)("of what PyAirbyte wrote into %s", (_, open) => {
  let folder: string;
  let warehouse: Warehouse;
  let simulator: DixaSimulator;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dixa-pyairbyte-"));
    warehouse = await open(folder);
    simulator = await startDixaSimulator({
      conversations: 0,
      span: { lo: Date.UTC(2025, 8, 1), hi: Date.now() },
      limits: false,
      sampleWebhooks: 4,
      endUsers: 40,
      // Ratings of some conversations are in the export only.
      goneShare: 0.3,
    });
    const { lists } = simulator.account;
    lists.business_hours.insert(SCHEDULE as unknown as Row);
    // What the lists say counts, not what conversations remember.
    Object.assign(lists.agents.rows[0]!, { displayName: "Grace Renamed" });
    Object.assign(lists.queues.rows[0]!, { name: "Support Renamed" });
    tell(simulator, [...scenarios, ...before]);
    await sync(warehouse, simulator, folder);
    await warehouse.dbt(["run", "--quiet"], VARS);
    tell(simulator, after);
    await sync(warehouse, simulator, folder);
    await warehouse.dbt(["build", "--quiet"], VARS);
  });

  afterAll(async () => {
    await simulator.close();
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  test("every number of every conversation is that of the reference", async () => {
    expect(scenarios.length).toBeGreaterThan(15);
    const wanted = truths
      .map((truth) => metricsOf(truth, SCHEDULE))
      .sort((a, b) => a.conversation_id - b.conversation_id);
    const found = await warehouse.query(
      `SELECT ${Object.keys(wanted[0]!).join(", ")} FROM marts.dixa__conversation_metrics ORDER BY conversation_id`,
    );
    expect(rounded(found)).toEqual(rounded(wanted));
  });

  test("the histories of the statuses, and agents' replies by day, are those of the reference", async () => {
    const spans = await warehouse.query(
      `SELECT conversation_id, status, started_at, ended_at FROM marts.dixa__conversation_status_history
       ORDER BY conversation_id, status_number`,
    );
    const wanted = truths
      .flatMap((truth) =>
        statusesOf(truth).map((span) => ({ conversation_id: truth.conversation["id"] as number, ...span })),
      )
      .sort((a, b) => a.conversation_id - b.conversation_id);
    expect(spans).toEqual(wanted);
    const replies = await warehouse.query(
      "SELECT agent_day_id, count_agent_replies FROM marts.dixa__agent_metrics WHERE count_agent_replies > 0",
    );
    expect(
      Object.fromEntries(replies.map((row) => [row["agent_day_id"], row["count_agent_replies"]])),
    ).toEqual(repliesByAgentAndDay(truths));
  });

  test.each(unslicedStreams.map((stream) => [stream.name, stream] as const))(
    "the view of %s has every row, and every column as the stream has it",
    async (name, stream) => {
      const columns = await staged(stream);
      const alias = new Map(columns.map(({ field, column }) => [field, column]));
      for (const { field } of columns) expect(Object.keys(stream.schema.shape)).toContain(field);
      const rows = await warehouse.query(`SELECT * FROM marts.stg_dixa__${name}`);
      const keys = stream.primaryKey.filter((field) => !MOVING.includes(field));
      const found = Map.groupBy(rows, (row) => keys.map((field) => String(row[alias.get(field)!])).join(" "));
      const expected = expectedByKey(simulator, stream);
      expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [key, row] of expected) {
        const [view = {}] = found.get(key) ?? [];
        for (const { field, kind, column } of columns.filter((column) => !MOVING.includes(column.field)))
          expect([column, comparable(kind, view[column])]).toEqual([column, comparable(kind, row[field])]);
      }
    },
  );

  test("ratings come from the stream of ratings, and from the export where that has none", async () => {
    const detailed = [...simulator.expectedRows("conversation_ratings")];
    const exported = truths.flatMap(({ conversation }) =>
      detailed.some(({ conversationId }) => conversationId === conversation["id"])
        ? []
        : (conversation["ratings"] as Row[]).map((rating) => ({ ...rating, conversation })),
    );
    expect(Math.min(detailed.length, exported.length)).toBeGreaterThan(2);
    const thresholds: Record<string, number> = { nps: 9, csat: 4, thumbsupordown: 1, stars: 4 };
    const isSatisfied = (type: unknown, score: unknown) =>
      typeof score === "number" ? score >= thresholds[String(type).toLowerCase()]! : null;
    const wanted = [
      ...detailed.map((row) => ({
        conversation_id: row["conversationId"],
        rating_type: String(row["ratingType"]).toLowerCase(),
        rating_score: row["ratingScore"] ?? null,
        is_satisfied: isSatisfied(row["ratingType"], row["ratingScore"]),
      })),
      ...exported.map((row: Row & { conversation: Row }) => ({
        conversation_id: row.conversation["id"],
        rating_type: row["rating_type"],
        rating_score: row["rating_score"],
        is_satisfied: isSatisfied(row["rating_type"], row["rating_score"]),
      })),
    ];
    const found = await warehouse.query(
      "SELECT conversation_id, rating_type, rating_score, is_satisfied FROM marts.dixa__csat",
    );
    const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(found)).toEqual(sorted(wanted));
  });

  test("agents and queues have the names that their lists give them", async () => {
    const [grace, support] = [AGENTS[0]!, QUEUES[0]!];
    expect(
      await warehouse.query(
        `SELECT DISTINCT agent_name FROM marts.dixa__agent_metrics WHERE agent_id = '${grace.id}'`,
      ),
    ).toEqual([{ agent_name: "Grace Renamed" }]);
    for (const mart of ["dixa__queue_metrics", "dixa__daily_backlog"]) {
      expect(
        await warehouse.query(
          `SELECT DISTINCT queue_name FROM marts.${mart} WHERE queue_id = '${support.id}'`,
        ),
      ).toEqual([{ queue_name: "Support Renamed" }]);
    }
  });

  test("days are whole: the backlog of the last day is what is not closed", async () => {
    const [row] = await warehouse.query(
      `SELECT sum(count_backlog) AS backlog FROM marts.dixa__daily_backlog
       WHERE date_day = (SELECT max(date_day) FROM marts.dixa__daily_backlog)`,
    );
    const open = truths.filter((truth) => statusesOf(truth).at(-1)?.status !== "closed");
    expect(Number(row?.["backlog"])).toBe(open.length);
  });
});
