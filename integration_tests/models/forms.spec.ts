import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";

import { type Schedule } from "./business-time.ts";
import { type RawTable, rawTables, tableOf } from "./raw-tables.ts";
import { metricsOf, repliesByAgentAndDay, rounded, truthOf } from "./reference.ts";
import { BEGIN, SCENARIOS, SCHEDULE } from "./scenarios.ts";
import { type TableForm, type Warehouse, WAREHOUSES } from "./warehouses.ts";

type Row = Record<string, unknown>;

jest.setTimeout(600_000);

const LOADED = BEGIN + 100 * 86_400_000;
const ALWAYS = { id: "b0d559bf-cdf8-4088-841d-f3807b93272e", name: "Always", timezone: "UTC" };
const truths = Object.values(SCENARIOS).map(truthOf);

interface Case {
  form: TableForm;
  vars: Row;
  /** Where its models are. */
  models: string;
  schedules: Row[];
  /** The one of them that counts. */
  schedule: Schedule | undefined;
  /** Days of the marts. */
  zone: string;
}

/** What no other suite has: column names as Dixa sends them, or in capitals; nested values as text, or JSONB. */
const CASES: Record<string, Case> = {
  "as Dixa names them, with text for nested values and instants, and without Airbyte's columns": {
    form: {
      schema: "raw_text",
      prefix: "dx_",
      columnName: (name) => name,
      json: "VARCHAR",
      timestamp: "VARCHAR",
      hasMeta: false,
    },
    vars: {
      dixa_schema: "raw_text",
      dixa_table_prefix: "dx_",
      dixa_deduplicate: false,
      dixa_timezone: "America/Los_Angeles",
    },
    models: "marts_text",
    // Of several none counts, since none is named.
    schedules: [SCHEDULE as unknown as Row, ALWAYS],
    schedule: undefined,
    zone: "America/Los_Angeles",
  },
  "in capitals, with JSONB and timestamps with a zone": {
    form: {
      schema: "raw_capitals",
      prefix: "",
      columnName: (name) => name.toUpperCase(),
      json: "JSONB",
      timestamp: "TIMESTAMPTZ",
      hasMeta: true,
    },
    vars: { dixa_schema: "raw_capitals", dixa_business_hours_schedule: "Main" },
    models: "marts_capitals",
    schedules: [ALWAYS, SCHEDULE as unknown as Row],
    schedule: SCHEDULE,
    zone: "UTC",
  },
};

function rawTablesOf(schedules: readonly Row[]): RawTable[] {
  const tag = { id: "t1", name: "refund", state: "Active" };
  return [
    ...rawTables(Object.values(SCENARIOS), LOADED),
    tableOf("business_hours", schedules, LOADED),
    // Twice: which of the two counts is for `dixa_deduplicate` to say.
    tableOf("tags", [tag, tag], LOADED),
  ];
}

describe.each(WAREHOUSES)("on %s", (_, open) => {
  let folder: string;
  let warehouse: Warehouse;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dixa-forms-"));
    warehouse = await open(folder);
  });

  afterAll(async () => {
    await warehouse.close();
    await rm(folder, { recursive: true });
  });

  test.each(Object.entries(CASES))(
    "columns %s give the numbers of the reference",
    async (__, { form, vars, models, schedules, schedule, zone }) => {
      await warehouse.append(rawTablesOf(schedules), form);
      await warehouse.dbt(
        ["run", "--quiet", "--select", "+dixa__agent_metrics", "stg_dixa__tags"],
        vars,
        models,
      );
      const wanted = truths
        .map((truth) => metricsOf(truth, schedule))
        .sort((a, b) => a.conversation_id - b.conversation_id);
      const columns = Object.keys(wanted[0]!).join(", ");
      const found = await warehouse.query(
        `SELECT ${columns} FROM ${models}.dixa__conversation_metrics ORDER BY conversation_id`,
      );
      expect(rounded(found)).toEqual(rounded(wanted));

      const replies = await warehouse.query(
        `SELECT agent_day_id, count_agent_replies FROM ${models}.dixa__agent_metrics WHERE count_agent_replies > 0`,
      );
      expect(
        Object.fromEntries(replies.map((row) => [row["agent_day_id"], row["count_agent_replies"]])),
      ).toEqual(repliesByAgentAndDay(truths, zone));
      const csat = await warehouse.query(
        `SELECT conversation_id, rating_score, rating_comment, is_satisfied FROM ${models}.dixa__csat ORDER BY 1`,
      );
      expect(csat).toEqual([
        { conversation_id: 116, rating_score: 5, rating_comment: "Quick", is_satisfied: true },
        { conversation_id: 117, rating_score: null, rating_comment: null, is_satisfied: null },
      ]);
      const tags = await warehouse.query(`SELECT tag_name FROM ${models}.stg_dixa__tags`);
      expect(tags).toHaveLength(vars["dixa_deduplicate"] === false ? 2 : 1);
    },
  );
});
