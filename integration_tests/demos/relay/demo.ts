import { relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { RelayClient } from "../../../src/relay/commands/relay-client.ts";
import { type Job } from "../../simulators/airbyte/index.ts";
import { RelayServer, runRelayCommand } from "../../support/relay-server.ts";
import { type Moment, seconds, timeline } from "./timeline.ts";
import { createWorld, CREDENTIAL_ID, type World } from "./world.ts";

export interface RelayDemoOptions {
  /** Emptied at the start. */
  folder: string;
  /** Conversations in the simulated account. */
  conversations: number;
  /** How many events come at a time. */
  events: number;
  /** Go on until the signal, with the page to look at. */
  keep: boolean;
  /** Ends the demo early. */
  signal: AbortSignal;
}

const EVENT_PAUSE_MS = 25;
const POLL_MS = 20;
const PATIENCE_MS = 30_000;
/** While the page is shown. */
const CLOSE_EVERY_MS = 20_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * Shows how something that happens in Dixa becomes a row in DuckDB: once with the time of each step, then for many
 * events at a time.
 *
 * @throws Error when a row doesn't arrive; the signal's reason
 */
export async function runRelayDemo(options: RelayDemoOptions): Promise<void> {
  const { folder, conversations, events, keep, signal } = options;
  const world = await createWorld(folder, conversations);
  let relay: RelayServer | undefined;
  try {
    say(`A simulated Dixa account with ${conversations.toLocaleString("en")} conversations is up.`);
    say(`A simulated Airbyte is up; its connection “${world.connection.name}” runs source-dixa.`);
    const config = relative(process.cwd(), world.relayConfig);
    say(`\n$ dixa-relay subscribe --config ${config}`);
    sayIndented(await runRelayCommand(["subscribe", "--config", world.relayConfig], { signal }));
    say(`\n$ dixa-relay serve --config ${config}`);
    relay = new RelayServer(world.relayConfig);
    const url = await relay.listening;
    sayIndented([`listening on ${url}`]);
    const demo = new RelayDemo(world, url, signal);
    await demo.firstSync();
    await demo.oneEvent();
    await demo.manyEvents(events);
    say(`\nThe rows are in ${relative(process.cwd(), world.warehouse.file)}.`);
    if (keep) await demo.untilStopped();
  } finally {
    await relay?.stop();
    await world.close();
  }
}

function sayIndented(lines: readonly string[]): void {
  for (const line of lines) say(`  ${line}`);
}

/** A conversation that was closed, and what came of its webhook. */
interface Closing {
  id: number;
  /** ms UTC */
  sentAt: number;
  delivered: Promise<{ acceptedAt: number; /** 0 if there was no answer. */ status: number }>;
}

/** What is shown, in its order. */
class RelayDemo {
  readonly #world: World;
  readonly #url: string;
  readonly #client: RelayClient;
  readonly #signal: AbortSignal;
  #nextConversation = 0;

  constructor(world: World, url: string, signal: AbortSignal) {
    this.#world = world;
    this.#url = url;
    this.#client = new RelayClient({ url, token: world.adminToken });
    this.#signal = signal;
  }

  async firstSync(): Promise<void> {
    const { warehouse, adminToken } = this.#world;
    await this.#until("the relay knows the connection", async () => {
      const { connections } = await this.#client.credential(CREDENTIAL_ID);
      return connections.length > 0;
    });
    say(`\n$ dixa-relay sync --credential ${CREDENTIAL_ID} --wait`);
    const lines = await runRelayCommand(["sync", "--credential", CREDENTIAL_ID, "--wait"], {
      env: { ...process.env, RELAY_URL: this.#url, RELAY_ADMIN_TOKEN: adminToken },
      signal: this.#signal,
    });
    sayIndented(lines);
    say(`  in DuckDB: ${await warehouse.contents()}`);
  }

  async oneEvent(): Promise<void> {
    const { warehouse } = this.#world;
    const before = this.#jobs.length;
    const { id, sentAt, delivered } = this.#closeOne();
    const { acceptedAt, status } = await delivered;
    if (status !== 202) throw new Error(`the relay answered the webhook with ${status}`);
    const coveredAt = await this.#covered();
    const job = this.#coveringJob(sentAt);
    if ((await warehouse.closed([id])) !== 1) throw new Error(`conversation ${id} is not closed in DuckDB`);
    const moments: Moment[] = [
      { at: sentAt, what: `Dixa     conversation ${id} is closed, and its signed webhook sent` },
      { at: acceptedAt, what: "relay    the event is on disk: 202" },
      { at: job.createdAt, what: `Airbyte  the relay asked for a sync: job ${job.jobId}` },
      { at: job.attempts.at(-1)?.startedAt ?? 0, what: "Airbyte  source-dixa starts" },
      { at: warehouse.loadedAt.get(job.jobId) ?? 0, what: "DuckDB   the row is there, closed" },
      { at: job.updatedAt, what: `Airbyte  job ${job.jobId} ${job.status}` },
      { at: coveredAt, what: "relay    everything is covered" },
    ];
    say(`\nOne event\n\n${timeline(moments)}`);
    const count = this.#jobs.length - before;
    if (count !== 1) throw new Error(`one event became ${count} syncs`);
  }

  async manyEvents(events: number): Promise<void> {
    const { warehouse } = this.#world;
    const before = this.#jobs.length;
    const closings: Closing[] = [];
    for (let i = 0; i < events; i++) {
      closings.push(this.#closeOne());
      await delay(EVENT_PAUSE_MS, undefined, { signal: this.#signal });
    }
    const answers = await Promise.all(closings.map(({ delivered }) => delivered));
    const accepted = answers.filter(({ status }) => status === 202).length;
    const slowest = Math.max(...answers.map(({ acceptedAt }, i) => acceptedAt - (closings[i]?.sentAt ?? 0)));
    const [first, last] = [closings[0]?.sentAt ?? 0, closings.at(-1)?.sentAt ?? 0];
    const coveredAt = await this.#covered();
    const jobs = this.#jobs.slice(before);
    const job = this.#coveringJob(last);
    const rows = await warehouse.closed(closings.map(({ id }) => id));
    say(`\n${events} events within ${seconds(last - first)}\n`);
    say(`  ${accepted} answered with 202, the slowest after ${seconds(slowest)}`);
    say(`  ${jobs.length} syncs: jobs ${jobs.map(({ jobId }) => jobId).join(", ")}`);
    const moments: Moment[] = [
      { at: first, what: "Dixa     the first event" },
      { at: last, what: "Dixa     the last event" },
      ...jobs.flatMap(({ jobId, createdAt, updatedAt, status }) => [
        { at: createdAt, what: `Airbyte  the relay asked for a sync: job ${jobId}` },
        { at: updatedAt, what: `Airbyte  job ${jobId} ${status}` },
      ]),
      { at: coveredAt, what: `relay    everything is covered; the last event by job ${job.jobId}` },
    ];
    say(`\n${timeline(moments)}`);
    say(`\n  ${rows} of ${events} conversations are closed in DuckDB`);
    if (accepted !== events || rows !== events) throw new Error("events are missing");
  }

  /** Lets something happen now and then until somebody stops the demo. */
  async untilStopped(): Promise<void> {
    say(`\nThe relay's page is at ${this.#url}. Log in with ${this.#world.adminToken}`);
    say("Every 20 s a conversation is closed in Dixa. Stop with Ctrl-C.");
    for (;;) {
      await delay(CLOSE_EVERY_MS, undefined, { signal: this.#signal }).catch(() => undefined);
      if (this.#signal.aborted) return;
      this.#closeOne();
    }
  }

  get #jobs(): readonly Job[] {
    return this.#world.airbyte.jobs;
  }

  #closeOne(): Closing {
    const { control } = this.#world.dixa;
    const id = control.conversationId(this.#nextConversation++);
    const sentAt = Date.now();
    const delivered = control.closeConversation(id, sentAt).delivered.then((log) => {
      return { acceptedAt: Date.now(), status: log[0]?.deliveryDetail.responseCode ?? 0 };
    });
    return { id, sentAt, delivered };
  }

  #coveringJob(instant: number): Job {
    const job = this.#world.airbyte.coveringJob(this.#world.connection.connectionId, instant);
    if (job === undefined) throw new Error("the relay takes an event for covered that no sync has covered");
    return job;
  }

  /** Resolves when the relay has nothing left to sync, with the time, ms UTC. */
  async #covered(): Promise<number> {
    await this.#until("everything is covered", async () => {
      const { seq, connections } = await this.#client.credential(CREDENTIAL_ID);
      return connections.every(({ state, synced_seq }) => state === "clean" && synced_seq === seq);
    });
    return Date.now();
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > giveUpAt)
        throw new Error(`in ${PATIENCE_MS / 1000} s it did not come about that ${what}`);
      await delay(POLL_MS, undefined, { signal: this.#signal });
    }
  }
}
