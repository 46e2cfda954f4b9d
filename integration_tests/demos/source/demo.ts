import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";

import { DuckDbDestination } from "../../duckdb/destination.ts";
import { type DixaSimulator, startDixaSimulator } from "../../simulators/dixa/index.ts";
import { type DayAndQueue, queueChart } from "./chart.ts";
import { DemoConnector } from "./connector.ts";
import { syncTable } from "./report.ts";

export interface DemoOptions {
  /** Path of the configuration of a real account; undefined: the simulator plays Dixa. */
  config: string | undefined;
  folder: string;
  /** Conversations in the simulator. */
  conversations: number;
}

const DAYS_SHOWN = 10;
/** What happens in the simulator between the two syncs. */
const CLOSED_BETWEEN = 25;
const MESSAGES_BETWEEN = 40;

const QUEUES_A_DAY = `
  SELECT strftime(make_timestamp(created_at * 1000), '%Y-%m-%d') AS day, queue_name AS queue,
    count(*)::INTEGER AS conversations
  FROM conversations
  WHERE queue_name IS NOT NULL
    AND created_at >= (SELECT max(created_at) FROM conversations) - ${DAYS_SHOWN - 1} * 86400000
  GROUP BY ALL ORDER BY ALL`;

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
  const catalog = await connector.discover();
  await destination.prepare(catalog);
  say(`discover: ${catalog.streams.map(({ name }) => name).join(", ")}`);

  const state = await existing(destination.stateFile);
  say(state === undefined ? "\nread: everything" : "\nread: what is new since the last run");
  const first = await connector.read(destination, state);
  if (simulator !== undefined) {
    letThingsHappen(simulator);
    say(`\nIn Dixa, ${CLOSED_BETWEEN} conversations are closed and ${MESSAGES_BETWEEN} messages arrive.`);
  }
  say("\nread again, with the state of the first sync");
  const second = await connector.read(destination, destination.stateFile);

  say(`\n${syncTable(first, second)}`);
  say(
    "The second sync reads the last hour before its cursor again (lookback); doubles vanish by primary key.",
  );
  say(
    `\nNew conversations a day and queue:\n\n${queueChart((await destination.query(QUEUES_A_DAY)) as unknown as DayAndQueue[])}`,
  );
  say(
    `\nThe rows are in ${relative(process.cwd(), destination.file)}, for example for: duckdb ${relative(process.cwd(), destination.file)}`,
  );
}

async function startSimulator(conversations: number): Promise<DixaSimulator> {
  // Dixa allows 10 exports a minute, which would make this a demo of waiting.
  return startDixaSimulator({ conversations, limits: false, latencyMs: 120, bytesPerSecond: 12_000_000 });
}

function demoConfig(simulator: DixaSimulator): Record<string, unknown> {
  return simulator.config({ exports_requests_per_minute: 600, api_requests_per_second: 100 });
}

function letThingsHappen({ dataset }: DixaSimulator): void {
  const now = Math.floor(Date.now() / 1000) * 1000 - 1000;
  const { size } = dataset.streams.conversations;
  for (let i = 0; i < Math.min(CLOSED_BETWEEN, size); i++) {
    dataset.touchConversation(i, now - i, { status: "closed", closed_at: now - i });
  }
  for (let i = 0; i < MESSAGES_BETWEEN; i++) {
    const id = `cccccccc-0000-4000-8000-${String(i).padStart(12, "0")}`;
    const csid = Number(dataset.streams.conversations.idOf(i % Math.max(1, size)));
    dataset.add("messages", { id, csid, created_at: now - i, text: "Is anybody there?", to: [] }, now - i);
  }
}

async function existing(path: string): Promise<string | undefined> {
  return access(path).then(
    () => path,
    () => undefined,
  );
}
