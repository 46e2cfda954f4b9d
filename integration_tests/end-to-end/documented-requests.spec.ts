import { readFile } from "node:fs/promises";

import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";

import { SkippingClock } from "../../spec/support/skipping-clock.ts";
import { followedStreams, listedStreams } from "../../src/dixa/streams/index.ts";
import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { configuredCatalog, runSync } from "../support/sync-run.ts";

/**
 * How many requests the connector's page says that an account of 100,000 conversations costs, and how long they take:
 * accounts of two sizes are read, and what they cost is drawn out in a straight line. The figures are taken from the page
 * itself, so that either side can't change alone.
 */
const DAY = 86_400_000;
const END = Date.UTC(2025, 0, 1);
const YEAR = 365;
/** Of a real page of 10,000 rows. */
const ACTIVITY_PAGE = 40;
const LIST_PAGE = 100;
const CONVERSATIONS = 100_000;
const SIZES = [20, 60] as const;

let simulator: DixaSimulator;
let page: string;

beforeAll(async () => {
  page = await readFile(new URL("../../docs/integrations/sources/dixa.md", import.meta.url), "utf8");
});

afterEach(() => simulator.close());

interface Read {
  clock: SkippingClock;
  seconds: number;
  /** How often each path was asked for; the time of Dixa's clock is asked for once before. */
  paths: string[];
}

/** Reads streams of an account of so many days, one request after the other, and keeps to Dixa's limits if it is told to. */
async function read(
  names: readonly string[],
  options: DixaSimulatorOptions & { days?: number; budgets?: Record<string, number> },
): Promise<Read> {
  const { days = YEAR, budgets, ...more } = options;
  const clock = new SkippingClock(END);
  simulator = await startDixaSimulator({
    ...{ span: { lo: END - days * DAY, hi: END }, limits: budgets !== undefined, now: () => clock.now() },
    ...{ goneShare: 0, largestPage: ACTIVITY_PAGE },
    ...more,
  });
  const fast = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
  const { failures } = await runSync({
    config: simulator.config({
      ...{ start_date: new Date(END - days * DAY).toISOString().slice(0, 10), lookback_minutes: 0 },
      ...{ num_workers: 1, ...(budgets ?? fast) },
    }),
    clock,
    catalog: configuredCatalog(names, "full_refresh"),
  });
  expect(failures).toEqual([]);
  const [first, ...rest] = simulator.requests.map(({ path }) => path);
  expect(first).toBe("/v1/organization");
  return { clock, seconds: (clock.now() - END) / 1000, paths: rest };
}

/** The cell of a stream in the column of requests. */
function documented(name: string): string {
  const cells = page
    .split("\n")
    .find((line) => line.startsWith(`| \`${name}\` `))
    ?.split("|");
  return cells?.[6]?.trim() ?? "";
}

/** A number of the page, by the words around it. */
function figure(words: RegExp): number {
  const found = words.exec(page.replace(/\s+/g, " "))?.[1];
  if (found === undefined) throw new Error(`the page says nothing like ${words.source}`);
  return Number(found.replaceAll(",", ""));
}

function figures(name: string, form: RegExp): number[] {
  const [, ...found] = form.exec(documented(name)) ?? [];
  expect([name, documented(name), found.length]).not.toContain(0);
  return found.map((text) => Number(text.replaceAll(",", "")));
}

test.each(["conversations", "messages"])(
  "a year of %s costs what the page says, whatever the size",
  async (name) => {
    for (const conversations of SIZES) {
      const { paths } = await read([name], { conversations });
      expect([paths.length]).toEqual(figures(name, /^(\d+) for a year$/));
      await simulator.close();
    }
  },
);

test("activities cost what the page says", async () => {
  const [perPage, rows, windows] = figures(
    "activity_logs",
    /^(\d+) for ([\d,]+) activities, (\d+) or more for a year$/,
  );
  const small = await read(["activity_logs"], { conversations: 10, activityLogs: 20 });
  expect(small.paths).toHaveLength(windows!);
  expect(simulator.requests.at(-1)?.query["pageLimit"]).toBe(String(rows));
  await simulator.close();
  // In pages that are smaller by the same factor as the account, each but the last of a window is full.
  const activityLogs = 40 * ACTIVITY_PAGE;
  const large = await read(["activity_logs"], { conversations: 10, activityLogs });
  const needed = perPage! * (activityLogs / ACTIVITY_PAGE);
  expect(large.paths.length).toBeGreaterThanOrEqual(needed);
  expect(large.paths.length).toBeLessThan(needed + windows!);
});

describe("the children of conversations", () => {
  const children = followedStreams.map(({ name, path }) => ({ name, end: path.split("}")[1] ?? "" }));

  test("cost one request each, beside the list that they share", async () => {
    const counts: Map<string, number>[] = [];
    for (const conversations of SIZES) {
      const { paths } = await read(
        children.map(({ name }) => name),
        { conversations },
      );
      const kinds = [...children.map(({ end }) => end), "/v1/conversation_export"];
      counts.push(new Map(kinds.map((end) => [end, paths.filter((path) => path.endsWith(end)).length])));
      expect(kinds.reduce((sum, end) => sum + (counts.at(-1)?.get(end) ?? 0), 0)).toBe(paths.length);
      await simulator.close();
    }
    const at = (size: number, end: string) => counts[size]?.get(end) ?? Number.NaN;
    for (const { name, end } of children) {
      const each = (at(1, end) - at(0, end)) / (SIZES[1] - SIZES[0]);
      const all = each * CONVERSATIONS + at(0, end) - each * SIZES[0];
      const shared = at(0, "/v1/conversation_export");
      const said = figures(name, /^([\d,]+), and (\d+) for a year that the three share$/);
      expect([name, all, shared]).toEqual([name, ...said]);
      expect(at(1, "/v1/conversation_export")).toBe(shared);
    }
  });

  test("take as long as the page says", async () => {
    const budgets = { api_requests_per_second: 10, exports_requests_per_minute: 6000 };
    const times: number[] = [];
    for (const conversations of SIZES) {
      const { seconds } = await read(["conversation_notes"], {
        conversations,
        budgets,
        exportsPerMinute: 6000,
      });
      times.push(seconds);
      await simulator.close();
    }
    const each = (times[1]! - times[0]!) / (SIZES[1] - SIZES[0]);
    const hours = (each * CONVERSATIONS) / 3600;
    const said = figure(/at ten requests a second 100,000 conversations take ([\d.]+) hours for each/);
    expect(said).toBeCloseTo(hours, 1);
  });
});

test("five years of the exports cost and take what the page says", async () => {
  const words = String.raw`Five years of data are (\d+) requests for conversations and as many for messages: (\d+) minutes`;
  const { paths, seconds } = await read(["conversations", "messages"], {
    ...{ days: 5 * YEAR + 1, conversations: 5, exportsPerMinute: 10 },
    budgets: { exports_requests_per_minute: 10, api_requests_per_second: 10 },
  });
  expect(paths).toHaveLength(2 * figure(new RegExp(words)));
  expect(Math.floor(seconds / 60)).toBe(figure(new RegExp(words.replace("(\\d+)", "\\d+"))));
});

describe("lists", () => {
  test.each([1, LIST_PAGE, LIST_PAGE + 1, 3 * LIST_PAGE - 1])(
    "of %d rows in pages cost what the page says",
    async (endUsers) => {
      const [last, rows, each] = figures(
        "end_users",
        /^(\d+) for the last ([\d,]+) rows, (\d+) for each \d+ before$/,
      );
      const { paths } = await read(["end_users"], { conversations: 1, endUsers, largestListPage: LIST_PAGE });
      expect(paths).toHaveLength(
        (Math.ceil(simulator.account.lists.end_users.rows.length / rows!) - 1) * each! + last!,
      );
      for (const { name, list, parents } of listedStreams)
        if (list.paged === true && parents === undefined)
          expect([name, documented(name)]).toEqual([name, documented("end_users")]);
    },
  );

  const whole = listedStreams.filter(
    ({ list, parents }) => list.paged !== true && (parents === undefined || "values" in parents),
  );

  test.each(whole.map(({ name }) => name))(
    "at once or for values that are known (%s) cost what the page says",
    async (name) => {
      const { paths } = await read([name], { conversations: 1, sampleWebhooks: 2 });
      expect([paths.length]).toEqual(figures(name, /^(\d+)$/));
    },
  );

  const nested = listedStreams.filter(({ parents }) => parents !== undefined && !("values" in parents));

  test.each(nested.map(({ name }) => name))("of each parent (%s) cost what the page says", async (name) => {
    const { paths } = await read([name], { conversations: 1 });
    const { lists } = simulator.account;
    const parents: Readonly<Record<string, readonly number[]>> = {
      team_members: [lists.teams.rows.length],
      queue_members: [lists.queues.rows.length],
      business_hours: [lists.business_hours.rows.length],
      knowledge_articles: [
        // An article that is in two collections is asked for as a part of each.
        ...lists.knowledge_collections.rows.map(({ id }) =>
          articlesIn(simulator.account.catalog(String(id))),
        ),
        lists.knowledge_collections.rows.length,
      ],
    };
    const said =
      parents[name]?.length === 1
        ? /^(\d+) for each parent, and (\d+)$/
        : /^(\d+) for each parent and each of its own, and (\d+)$/;
    const [each, fixed] = figures(name, said);
    expect(paths).toHaveLength((parents[name] ?? []).reduce((sum, count) => sum + count * each!, fixed!));
  });
});

/** How many articles a catalog names, wherever in it they lie. */
function articlesIn(catalog: unknown): number {
  const ids = new Set(simulator.account.lists.knowledge_articles.rows.map(({ id }) => String(id)));
  const text = JSON.stringify(catalog);
  return [...ids].filter((id) => text.includes(id)).length;
}
