import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";

import { likelyHistories, likelyHistory } from "../simulators/dixa/data/histories.ts";
import { answersOf } from "./questions.ts";
import { type RawTable, rawTables, tableOf } from "./raw-tables.ts";
import { metricsOf, repliesByAgentAndDay, rounded, statusesOf, truthOf } from "./reference.ts";
import { BEGIN, SCENARIOS, SCHEDULE } from "./scenarios.ts";
import { type Warehouse, WAREHOUSES } from "./warehouses.ts";

type Row = Record<string, unknown>;

jest.setTimeout(600_000);

const DAY_MS = 86_400_000;
const FIRST_LOAD = BEGIN + 30 * DAY_MS;
const SECOND_LOAD = FIRST_LOAD + 2 * DAY_MS;
const LIKELY = 400;
const DAYS = 25;
/** Leaves the warehouse between the two runs. */
const VANISHING = 20_000_003;
/** Its computed row is falsified before the second run, which has no reason to compute it again. */
const UNTOUCHED = 101;
const MARTS = [
  "dixa__conversation_metrics",
  "dixa__conversation_status_history",
  "dixa__agent_metrics",
  "dixa__queue_metrics",
  "dixa__daily_backlog",
  "dixa__csat",
];

const scenarios = Object.values(SCENARIOS);
const before = [...likelyHistories(LIKELY, DAYS, { seed: 7, until: FIRST_LOAD })];
/** The same conversations two days later: some went on. */
const later = before.map(({ conversation: { row } }) =>
  likelyHistory(row.id as number, row["created_at"] as number, { seed: 7, until: SECOND_LOAD }),
);
const truths = [...scenarios, ...later]
  .filter(({ conversation }) => conversation.row.id !== VANISHING)
  .map(truthOf);

/** Whether a message or an activity is not in the warehouse before the second run. */
function isLate(row: Row, index: number): boolean {
  return index % 9 === 0 && row["csid"] !== UNTOUCHED && row["conversationId"] !== UNTOUCHED;
}

/** What the first sync brings: some rows twice, some in an older version, and some not yet. */
function firstLoad(): RawTable[] {
  const tables = rawTables([...scenarios, ...before], FIRST_LOAD);
  return tables.map(({ rows, ...table }) => {
    const kept = table.name === "conversations" ? rows : rows.filter((row, index) => !isLate(row.row, index));
    const older = rows.slice(0, 50).map(({ row }) => ({
      row:
        table.name === "conversations"
          ? { ...row, updated_at: (row["updated_at"] as number) - 1000, status: "open", assignee_id: null }
          : row,
      loadedAt: FIRST_LOAD - 60_000,
    }));
    // An older version stands behind the newer one as well as before it.
    const again = table.name === "conversations" ? older : kept.slice(0, 80);
    return { ...table, rows: [...older.slice(0, 25), ...kept, ...again.slice(25)] };
  });
}

/** What is new two days later: rows that came late, conversations that went on, and half of all once more. */
function secondLoad(): RawTable[] {
  const late = rawTables([...scenarios, ...before], SECOND_LOAD).map(({ rows, ...table }) => ({
    ...table,
    rows: table.name === "conversations" ? [] : rows.filter((row, index) => isLate(row.row, index)),
  }));
  const changed = later.filter(
    ({ conversation, activities }, index) =>
      conversation.cursor !== before[index]?.conversation.cursor ||
      activities.length !== before[index].activities.length,
  );
  const news = rawTables(changed, SECOND_LOAD);
  return late.map((table, index) => ({ ...table, rows: [...table.rows, ...(news[index]?.rows ?? [])] }));
}

const schedule = tableOf("business_hours", [SCHEDULE as unknown as Row], FIRST_LOAD);

async function martsOf(warehouse: Warehouse): Promise<Record<string, Row[]>> {
  const found: Record<string, Row[]> = {};
  for (const mart of MARTS)
    found[mart] = await warehouse.query(`SELECT * FROM marts.${mart} ORDER BY 1, 2, 3`);
  return found;
}

describe.each(WAREHOUSES)("on %s", (_, open) => {
  let folder: string;
  let warehouse: Warehouse;
  /** What the second, incremental run left, and what a run from nothing gives. */
  let [incremental, full]: Record<string, Row[]>[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dixa-models-"));
    warehouse = await open(folder);
    await warehouse.append([...firstLoad(), schedule]);
    await warehouse.dbt(["run", "--quiet"]);
    await warehouse.append(secondLoad());
    for (const [table, column] of [
      ["conversations", "id"],
      ["messages", "csid"],
      ["activity_logs", "conversationid"],
    ] as const)
      await warehouse.run(`DELETE FROM dixa.${table} WHERE ${column} = ${VANISHING}`);
    await warehouse.run(
      `UPDATE marts.dixa__conversation_metrics SET count_transfers = 99 WHERE conversation_id = ${UNTOUCHED}`,
    );
    await warehouse.dbt(["run", "--quiet"]);
    incremental = await martsOf(warehouse);
    await warehouse.dbt(["build", "--full-refresh", "--quiet"]);
    full = await martsOf(warehouse);
  });

  afterAll(async () => {
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  test("every number of every conversation is that of the reference", () => {
    const names = Object.keys(metricsOf(truths[0]!, SCHEDULE));
    const found = full!["dixa__conversation_metrics"]!.map((row) =>
      Object.fromEntries(names.map((name) => [name, row[name]])),
    );
    const wanted = truths
      .map((truth) => metricsOf(truth, SCHEDULE))
      .sort((a, b) => a.conversation_id - b.conversation_id);
    expect(found).toHaveLength(LIKELY - 1 + scenarios.length);
    expect(rounded(found)).toEqual(rounded(wanted));
  });

  test("the histories of the statuses are those of the reference", () => {
    const found = Map.groupBy(full!["dixa__conversation_status_history"]!, (row) => row["conversation_id"]);
    for (const truth of truths) {
      const rows = found
        .get(truth.conversation["id"])!
        .sort((a, b) => Number(a["status_number"]) - Number(b["status_number"]));
      expect(rows.map(({ status, started_at, ended_at }) => ({ status, started_at, ended_at }))).toEqual(
        statusesOf(truth),
      );
    }
  });

  test("the backlog of every day is what was not closed at its end", () => {
    const spans = truths.flatMap((truth) => statusesOf(truth));
    const days = Map.groupBy(full!["dixa__daily_backlog"]!, (row) => String(row["date_day"]));
    expect(days.size).toBeGreaterThan(DAYS);
    for (const [day, rows] of days) {
      const end = new Date(Date.parse(day) + DAY_MS).toISOString();
      const at = spans.filter(
        (span) => span.started_at < end && (span.ended_at === null || span.ended_at >= end),
      );
      const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0);
      expect({ day, backlog: sum("count_backlog"), pending: sum("count_pending") }).toEqual({
        day,
        backlog: at.filter(({ status }) => status !== "closed").length,
        pending: at.filter(({ status }) => status === "pending").length,
      });
    }
  });

  test("agents' and queues' days add up to all conversations", () => {
    const metrics = truths.map((truth) => metricsOf(truth, SCHEDULE));
    const total = (mart: string, name: string) =>
      full![mart]!.reduce((sum, row) => sum + Number(row[name]), 0);
    const replies = metrics.reduce((sum, { count_agent_replies }) => sum + count_agent_replies, 0);
    const first = metrics.filter(({ first_reply_at }) => first_reply_at !== null).length;
    const resolved = metrics.filter(({ full_resolution_at }) => full_resolution_at !== null).length;
    expect({
      agents: total("dixa__agent_metrics", "count_agent_replies"),
      queues: total("dixa__queue_metrics", "count_agent_replies"),
      transfers: total("dixa__queue_metrics", "count_transfers"),
      agentsFirst: total("dixa__agent_metrics", "count_first_replies"),
      queuesFirst: total("dixa__queue_metrics", "count_first_replies"),
      created: total("dixa__queue_metrics", "count_conversations_created"),
      resolved: total("dixa__queue_metrics", "count_conversations_resolved"),
    }).toEqual({
      agents: replies,
      queues: replies,
      transfers: metrics.reduce((sum, { count_transfers }) => sum + count_transfers, 0),
      agentsFirst: first,
      queuesFirst: first,
      created: metrics.length,
      resolved,
    });
  });

  test("agents' replies by day are those of the log's authors, and of the messages where there is no log", () => {
    const found = full!["dixa__agent_metrics"]!.filter((row) => row["count_agent_replies"] !== 0);
    expect(Object.fromEntries(found.map((row) => [row["agent_day_id"], row["count_agent_replies"]]))).toEqual(
      repliesByAgentAndDay(truths),
    );
  });

  test("ratings are one row each, asked and answered", () => {
    const wanted = truths.flatMap(({ conversation }) => conversation["ratings"] as Row[]);
    const found = full!["dixa__csat"]!;
    const count = (rows: readonly Row[]) => ({
      asked: rows.length,
      answered: rows.filter(({ rating_score }) => rating_score !== null).length,
      satisfied: rows.filter(({ rating_score }) => Number(rating_score) >= 4).length,
    });
    expect(count(found)).toEqual(count(wanted));
    expect(count(found).satisfied).toBe(found.filter(({ is_satisfied }) => is_satisfied === true).length);
  });

  test("the second, incremental run gives what a run from nothing gives, and computes only what changed", () => {
    const falsified = incremental!["dixa__conversation_metrics"]!.find(
      (row) => row["conversation_id"] === UNTOUCHED,
    )!;
    expect(falsified["count_transfers"]).toBe(99);
    falsified["count_transfers"] = 0;
    for (const mart of MARTS) expect(rounded(incremental![mart]!)).toEqual(rounded(full![mart]!));
  });

  test("each of the five questions in the docs is answered by one query, as the reference answers it", async () => {
    const docs = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    const queries = Array.from(docs.matchAll(/```sql\n([^`]+)```/g), ([, sql]) => sql!);
    const answers = answersOf(truths);
    expect(queries).toHaveLength(answers.length);
    const sorted = (rows: readonly object[]) =>
      rounded(rows)
        .map((row) => JSON.stringify(row))
        .sort();
    for (const [index, sql] of queries.entries()) {
      const found = await warehouse.query(sql.replaceAll("dixa__", "marts.dixa__"));
      // Agents who only were offered something have a row too.
      const told = found.filter(({ replies, csat }) => !(replies === 0 && csat === null));
      expect([sql, ...sorted(told)]).toEqual([sql, ...sorted(answers[index]!)]);
    }
  });

  test("lists in rows become rows of their own", async () => {
    const ordered = (table: string, columns: string) =>
      warehouse.query(
        `SELECT ${columns} FROM marts.${table} WHERE conversation_id = 116 ORDER BY ${columns}`,
      );
    expect(await ordered("stg_dixa__conversation_tags", "tag_name, is_deactivated")).toEqual([
      { tag_name: "refund", is_deactivated: false },
      { tag_name: "vip", is_deactivated: false },
    ]);
    expect(
      await ordered("stg_dixa__conversation_custom_fields", "identifier, value_position, field_value"),
    ).toEqual([
      { identifier: "order", value_position: 1, field_value: "A-1" },
      { identifier: "topics", value_position: 1, field_value: "returns" },
      { identifier: "topics", value_position: 2, field_value: "size" },
    ]);
    expect(await ordered("stg_dixa__message_recipients", "recipient_field, recipient")).toEqual([
      { recipient_field: "to", recipient: "ada.example@example.org" },
      { recipient_field: "to", recipient: "support@email.example.com" },
    ]);
  });
});
