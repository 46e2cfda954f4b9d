import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";

import { DuckDbDestination } from "../../duckdb/destination.ts";
import { likelyHistories } from "../../simulators/dixa/data/histories.ts";
import { type DixaSimulator, startDixaSimulator } from "../../simulators/dixa/index.ts";
import { findAnswers } from "./answers.ts";
import { answerCharts } from "./chart.ts";
import { DemoConnector } from "./connector.ts";
import { htmlReport } from "./html-report.ts";
import { streamTable, syncTable } from "./report.ts";

export interface DemoOptions {
  /** Path of the configuration of a real account; undefined: the simulator plays Dixa. */
  config: string | undefined;
  folder: string;
  /** Conversations in the simulator. */
  conversations: number;
}

/** What the simulator's conversations reach back. */
const DAYS = 60;
/** What happens in the simulator between the two syncs. */
const CLOSED_BETWEEN = 25;

const OFFICE_HOURS = {
  id: "75555555-5555-4555-8555-000000000000",
  name: "Office",
  timezone: "UTC",
  businessHours: [1, 2, 3, 4, 5, 6].map((dayOfWeek) => ({
    name: `Day ${dayOfWeek}`,
    dayOfWeek,
    businessHourType: "Regular",
    status: "Open",
    startDate: "2026-01-05",
    intervals: [{ startTime: "08:00", endTime: "18:00" }],
  })),
  exceptions: [],
};

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * Reads Dixa in full, lets something happen there, reads again incrementally, and shows what came of it.
 *
 * @throws Error in plain words if the account can't be read
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const name = options.config === undefined ? "simulator" : basename(options.config, ".json");
  const folder = join(options.folder, name);
  // The simulator's data is new each time; a real account is read on from where the last run ended.
  if (options.config === undefined) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const simulator = options.config === undefined ? await startSimulator(options.conversations) : undefined;
  const destination = await DuckDbDestination.open(folder);
  try {
    const config = options.config ?? join(folder, "config.json");
    if (simulator !== undefined) {
      await writeFile(config, JSON.stringify(demoConfig(simulator), null, 2));
      say(`A simulated Dixa account with ${options.conversations.toLocaleString("en")} conversations is up.`);
    }
    await twoSyncs(config, folder, destination, simulator);
  } finally {
    destination.close();
    await simulator?.close();
  }
}

async function twoSyncs(
  config: string,
  folder: string,
  destination: DuckDbDestination,
  simulator: DixaSimulator | undefined,
): Promise<void> {
  const connector = new DemoConnector(config, folder, say);
  await connector.check();
  say("check: the token opens both of Dixa's APIs");
  const { needed, others } = await connector.discover();
  await destination.prepare(needed);
  say(`discover: ${[...needed.streams, ...others.streams].map(({ name }) => name).join(", ")}`);

  const state = await existing(destination.stateFile);
  say(state === undefined ? "\nread: everything" : "\nread: what is new since the last run");
  const first = await connector.read(destination, state);
  if (simulator !== undefined) {
    const messages = letThingsHappen(simulator);
    say(`\nIn Dixa, ${CLOSED_BETWEEN} conversations are closed and ${messages} messages arrive.`);
  }
  say("\nread again, with the state of the first sync");
  const second = await connector.read(destination, destination.stateFile);

  say(`\n${syncTable(first, second)}`);
  say(
    "The second sync reads the last hour before its cursor again (lookback); doubles vanish by primary key.",
  );
  await destination.prepare(others);
  say("\nread everything else: lists whole, and what belongs to the conversations of the last hour");
  const { report: rest, failure } = await connector.readOthers(destination);
  const names = others.streams.map(({ name }) => name);
  say(`\n${streamTable(rest, names)}`);
  for (const [name, why] of rest.failures) say(`Without ${name}, since it can't be read: ${why}`);
  if (failure !== undefined && rest.failures.size === 0) say(`They could not all be read: ${failure}`);
  const answers = await findAnswers(destination);
  say(`\nFirst replies and backlog by day:\n\n${answerCharts(answers)}`);
  const report = join(folder, "report.html");
  await writeFile(
    report,
    htmlReport(answers, simulator === undefined ? basename(folder) : "A simulated account"),
  );
  say(`\nThe same as a page, for a browser or a printer: ${relative(process.cwd(), report)}`);
  say(
    `\nThe rows are in ${relative(process.cwd(), destination.file)}, for example for: duckdb ${relative(process.cwd(), destination.file)}`,
  );
}

async function startSimulator(count: number): Promise<DixaSimulator> {
  // Dixa allows 10 exports a minute, which would make this a demo of waiting.
  const options = { conversations: 0, limits: false, latencyMs: 120, bytesPerSecond: 12_000_000 };
  const simulator = await startDixaSimulator(options);
  const { dataset, account } = simulator;
  // One schedule, the hours in which the simulated agents work.
  while (account.lists.business_hours.remove() !== undefined);
  account.lists.business_hours.insert(OFFICE_HOURS);
  for (const history of likelyHistories(count, DAYS, { seed: 1, until: dataset.span.hi })) {
    dataset.add("conversations", history.conversation.row, history.conversation.cursor);
    for (const { row, cursor } of history.messages) dataset.add("messages", row, cursor);
    for (const { row, cursor } of history.activities) dataset.add("activity_logs", row, cursor);
  }
  return simulator;
}

function demoConfig(simulator: DixaSimulator): Record<string, unknown> {
  return simulator.config({ exports_requests_per_minute: 600, api_requests_per_second: 100 });
}

/** The oldest conversations are closed once more, and their customers say thanks. @returns how many do */
function letThingsHappen({ dataset }: DixaSimulator): number {
  const now = Math.floor(Date.now() / 1000) * 1000 - 1000;
  let messages = 0;
  for (const { conversation } of likelyHistories(CLOSED_BETWEEN, DAYS, { seed: 2, until: now })) {
    const csid = Number(conversation.row.id);
    if (dataset.conversation(csid) === undefined) continue;
    const at = now - messages;
    dataset.changeConversation(csid, at, { status: "closed", closed_at: at });
    const id = `cccccccc-0000-4000-8000-${String(messages++).padStart(12, "0")}`;
    const message = { id, csid, created_at: at, direction: "inbound", text: "Thanks!", to: [] };
    dataset.add("messages", message, at);
  }
  return messages;
}

async function existing(path: string): Promise<string | undefined> {
  return access(path).then(
    () => path,
    () => undefined,
  );
}
