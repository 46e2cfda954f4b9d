import { type Dixa } from "../../dixa/dixa.ts";
import { conversations } from "../../dixa/streams/conversations.ts";
import { type FollowedStream } from "../../dixa/streams/stream.ts";
import { type Clock } from "../../http/clock.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { findMember, keyBytes, valueText } from "../../http/json-element.ts";
import { describeDuration, describeInstant, describeWindow } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { ChildrenReader } from "./children-reader.ts";
import {
  type ChangedConversation,
  ConversationQueue,
  type Group,
  type Queued,
} from "./conversation-queue.ts";
import { intersectIntervals, type Interval } from "./intervals.ts";
import { type RangeProgress } from "./range-progress.ts";
import { type RowBudget } from "./row-budget.ts";
import { type Slice, SlicePlanner } from "./slice-planner.ts";
import { SliceReader, type SliceTuning } from "./slice-reader.ts";
import { type StreamRun } from "./stream-run.ts";
import { type Unit, type Work } from "./work.ts";

/** A STATE follows when so many conversations are finished since the last one, or after this time (ms). */
const CONVERSATIONS_A_STATE = 100;
const STATE_EVERY_MS = 30_000;
/** So many conversations wait at most, before more of them are listed. */
const MOST_WAITING = 50_000;
/** Passes of fewer requests are not announced. */
const WORTH_TELLING = 100;
const ID_KEY = keyBytes("id");
const UPDATED_KEY = keyBytes("updated_at");

export interface FollowedPassOptions {
  dixa: Dixa;
  streams: readonly FollowedPlan[];
  /** Widest window of the export, ms. */
  maxWindow: number;
  requestsPerSecond: number;
  drained: () => Promise<void> | undefined;
  logger: Logger;
  clock: Clock;
  now: number;
  tuning: SliceTuning;
  budget: RowBudget;
}

export interface FollowedPlan {
  stream: FollowedStream;
  run: StreamRun;
  progress: RangeProgress;
  records: RecordOutput;
  isNew: boolean;
}

/** A row of the export; one that doesn't say when it changed has no instant. */
interface Listed {
  id: string;
  at: number | undefined;
}

interface Follower extends FollowedPlan {
  reader: ChildrenReader;
  /** Of groups of several conversations that are begun, how many are still to be finished. */
  left: Map<Group, number>;
  sinceState: number;
  stateAt: number;
}

/**
 * Reads all followed streams in one pass: lists the conversations that changed, window after window, and asks each of
 * them once for the children of every stream that needs it. The two use different budgets, so they are two works.
 */
export class FollowedPass {
  readonly works: readonly Work[];
  readonly #options: FollowedPassOptions;
  readonly #followers: readonly Follower[];
  readonly #queue = new ConversationQueue();
  readonly #planner: SlicePlanner;
  readonly #reader: SliceReader;
  /** Listed in windows that are not finished yet. */
  #listed: Listed[] = [];
  #isListing = false;
  #isAllListed = false;
  #inFlight = 0;
  #requests = 0;

  constructor(options: FollowedPassOptions) {
    const { dixa, drained, streams, clock, now, tuning, budget } = options;
    this.#options = options;
    this.#followers = streams.map((plan): Follower => {
      const { stream, isNew, records: output, run: report } = plan;
      const reader = new ChildrenReader({ dixa, stream, isNew, output, drained, report });
      return { ...plan, reader, left: new Map(), sinceState: 0, stateAt: clock.now() };
    });
    const start = Math.min(...streams.map(({ progress }) => progress.range.start));
    const end = Math.max(...streams.map(({ progress }) => progress.range.end));
    const done = streams
      .map(({ progress: { range } }): Interval[] => [[-Infinity, range.start], ...range.done])
      .reduce(intersectIntervals);
    this.#planner = new SlicePlanner({ start, end, maxWidth: options.maxWindow, done });
    const [first] = this.#followers;
    if (first === undefined) throw new Error("a pass needs a stream");
    this.#reader = new SliceReader({
      ...{ dixa, drained, clock, now, tuning, budget, stream: conversations, planner: this.#planner },
      output: {
        put: (row) => {
          this.#listed.push(listedOf(row));
        },
      },
      report: first.run.reportOf((window: Slice) => {
        this.#enqueue(window);
      }),
    });
    const runs = streams.map(({ run }) => run);
    this.works = [
      {
        runs: [],
        host: "exports",
        next: () => this.#nextWindow(),
        isOver: () => this.#isAllListed && !this.#isListing,
      },
      { runs, host: "api", next: () => this.#nextConversation(), isOver: () => this.#isOver() },
    ];
  }

  #isOver(): boolean {
    const isAsked = this.#isAllListed && !this.#isListing && this.#queue.length === 0 && this.#inFlight === 0;
    return isAsked && !this.#active.some(({ reader }) => reader.isUncertain);
  }

  get #active(): Follower[] {
    return this.#followers.filter(({ run }) => run.failure === undefined);
  }

  #nextWindow(): Unit | undefined {
    if (this.#isListing || this.#isAllListed || this.#queue.length >= MOST_WAITING) return undefined;
    const slice = this.#active.length === 0 ? undefined : this.#planner.next();
    if (slice === undefined) {
      this.#isAllListed = true;
      return undefined;
    }
    this.#isListing = true;
    return async (signal) => {
      try {
        await this.#reader.read(slice, signal);
      } catch (error) {
        // Without the list none of them can go on.
        if (!signal.aborted) for (const { run } of this.#active) run.fail(error);
        this.#isAllListed = true;
      }
      this.#isListing = false;
    };
  }

  /** Takes over what was listed in a window of which all rows are there. */
  #enqueue({ lo, hi }: Slice): void {
    const inWindow: ChangedConversation[] = [];
    const later: Listed[] = [];
    for (const { id, at } of this.#listed) {
      // One that doesn't say when it changed is taken to have changed last.
      if (at === undefined || at < hi) inWindow.push({ id, at: at ?? hi - 1 });
      else later.push({ id, at });
    }
    this.#listed = later;
    const groups = this.#queue.add([lo, hi], inWindow);
    let requests = 0;
    for (const follower of this.#active) {
      if (groups === undefined) this.#finish(follower, [lo, hi]);
      for (const group of groups ?? []) {
        if (!follower.progress.covers(group.at)) requests += group.size;
      }
    }
    this.#tell({ lo, hi }, inWindow.length, requests);
  }

  /** Says how long it will take to ask for the children of what was listed. */
  #tell({ lo, hi }: Slice, changed: number, requests: number): void {
    const { logger, requestsPerSecond } = this.#options;
    this.#requests += requests;
    if (requests < WORTH_TELLING) return;
    const names = this.#active.map(({ stream }) => stream.name).join(", ");
    const lasting = (count: number) =>
      `${count} requests, at least ${describeDuration((count * 1000) / requestsPerSecond)}`;
    logger.info(
      `${names}: ${changed} conversations changed from ${describeWindow(lo, hi)}: ${lasting(requests)} ` +
        `at ${requestsPerSecond} a second; ${lasting(this.#requests)} for all that is listed so far`,
    );
  }

  #nextConversation(): Unit | undefined {
    const queued = this.#queue.take();
    if (queued !== undefined) {
      this.#inFlight++;
      return async (signal) => {
        for (const follower of this.#followers) await this.#ask(follower, queued, signal);
        this.#inFlight--;
      };
    }
    if (!this.#isAllListed || this.#isListing || this.#inFlight > 0) return undefined;
    const uncertain = this.#active.find(({ reader }) => reader.isUncertain);
    if (uncertain === undefined) return undefined;
    this.#inFlight++;
    return async (signal) => {
      await uncertain.run.attempt(signal, (own) => uncertain.reader.settle(own));
      this.#inFlight--;
    };
  }

  async #ask(follower: Follower, { id, group }: Queued, signal: AbortSignal): Promise<void> {
    const { run, progress, reader, left } = follower;
    if (run.failure !== undefined || signal.aborted) return;
    const finish = () => {
      const rest = (left.get(group) ?? group.size) - 1;
      if (rest > 0) {
        left.set(group, rest);
        return;
      }
      left.delete(group);
      this.#finish(follower, group.span);
    };
    if (progress.covers(group.at)) finish();
    else {
      follower.sinceState++;
      await run.attempt(signal, (own) => reader.read({ id, at: group.at }, finish, own));
    }
  }

  /** Notes that a stream's rows of a span are out, and says so in a STATE now and then. */
  #finish(follower: Follower, [lo, hi]: Interval): void {
    const { run, progress } = follower;
    progress.finish(Math.max(lo, progress.range.start), hi);
    const now = this.#options.clock.now();
    if (follower.sinceState < CONVERSATIONS_A_STATE && now - follower.stateAt < STATE_EVERY_MS) return;
    run.finished(`conversations up to ${describeInstant(hi)}`);
    follower.sinceState = 0;
    follower.stateAt = now;
  }
}

function listedOf(row: JsonElement): Listed {
  const at = findMember(row, UPDATED_KEY);
  return {
    id: valueText(row, findMember(row, ID_KEY)),
    at: at === -1 ? undefined : conversations.cursor.read(row, at),
  };
}
