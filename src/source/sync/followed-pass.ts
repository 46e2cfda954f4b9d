import { type FollowedStream } from "../../dixa/streams/stream.ts";
import { describeInstant } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { ChildrenReader } from "./children-reader.ts";
import { ConversationList, type ConversationListOptions } from "./conversation-list.ts";
import {
  type ChangedConversation,
  ConversationQueue,
  type Group,
  type Queued,
} from "./conversation-queue.ts";
import { intersectIntervals, type Interval } from "./intervals.ts";
import { PassForecast } from "./pass-forecast.ts";
import { type RangeProgress } from "./range-progress.ts";
import { type Slice } from "./slice-planner.ts";
import { type StreamRun } from "./stream-run.ts";
import { type Unit, type Work } from "./work.ts";

/** A STATE follows when so many conversations are finished since the last one, or after this time (ms). */
const CONVERSATIONS_A_STATE = 100;
const STATE_EVERY_MS = 30_000;
/** So many conversations wait at most, before more of them are listed. */
const MOST_WAITING = 50_000;

export interface FollowedPassOptions extends Omit<
  ConversationListOptions,
  "start" | "end" | "done" | "reportOf" | "onListed" | "onFailure"
> {
  streams: readonly FollowedPlan[];
  requestsPerSecond: number;
  logger: Logger;
}

export interface FollowedPlan {
  stream: FollowedStream;
  run: StreamRun;
  progress: RangeProgress;
  records: RecordOutput;
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
  readonly #list: ConversationList;
  readonly #forecast: PassForecast;
  #inFlight = 0;

  constructor(options: FollowedPassOptions) {
    const { dixa, drained, streams, clock } = options;
    this.#options = options;
    this.#forecast = new PassForecast(options.logger, options.requestsPerSecond);
    this.#followers = streams.map((plan): Follower => {
      const { stream, records: output, run: report } = plan;
      const reader = new ChildrenReader({ dixa, stream, output, drained, report });
      return { ...plan, reader, left: new Map(), sinceState: 0, stateAt: clock.now() };
    });
    const start = Math.min(...streams.map(({ progress }) => progress.range.start));
    const end = Math.max(...streams.map(({ progress }) => progress.range.end));
    const done = streams
      .map(({ progress: { range } }): Interval[] => [[-Infinity, range.start], ...range.done])
      .reduce(intersectIntervals);
    const [first] = this.#followers;
    if (first === undefined) throw new Error("a pass needs a stream");
    this.#list = new ConversationList({
      ...{ ...options, start, end, done },
      reportOf: (finished) => first.run.reportOf(finished),
      onListed: (window, changed) => {
        this.#enqueue(window, changed);
      },
      // Without the list none of them can go on.
      onFailure: (error) => {
        for (const { run } of this.#active) run.fail(error);
      },
    });
    const runs = streams.map(({ run }) => run);
    this.works = [
      {
        runs: [],
        host: "exports",
        next: () => this.#nextWindow(),
        isOver: () => this.#list.isOver,
      },
      { runs, host: "api", next: () => this.#nextConversation(), isOver: () => this.#isOver() },
    ];
  }

  #isOver(): boolean {
    const isAsked = this.#list.isOver && this.#queue.length === 0 && this.#inFlight === 0;
    return isAsked && !this.#active.some(({ reader }) => reader.isUncertain);
  }

  get #active(): Follower[] {
    return this.#followers.filter(({ run }) => run.failure === undefined);
  }

  #nextWindow(): Unit | undefined {
    if (this.#queue.length >= MOST_WAITING) return undefined;
    return this.#list.next(this.#active.length > 0);
  }

  /** Takes over what was listed in a window. */
  #enqueue({ lo, hi }: Slice, inWindow: readonly ChangedConversation[]): void {
    const groups = this.#queue.add([lo, hi], inWindow);
    let requests = 0;
    for (const follower of this.#active) {
      if (groups === undefined) this.#finish(follower, lo, hi);
      for (const group of groups ?? []) {
        if (!follower.progress.covers(group.at)) requests += group.size;
      }
    }
    const names = this.#active.map(({ stream }) => stream.name);
    this.#forecast.listed(names, { lo, hi }, inWindow.length, requests);
  }

  #nextConversation(): Unit | undefined {
    const queued = this.#queue.take();
    if (queued !== undefined) {
      this.#inFlight++;
      return async (signal) => {
        for (const follower of this.#followers) await this.#readChildren(follower, queued, signal);
        this.#inFlight--;
      };
    }
    if (!this.#list.isOver || this.#inFlight > 0) return undefined;
    const uncertain = this.#active.find(({ reader }) => reader.isUncertain);
    if (uncertain === undefined) return undefined;
    this.#inFlight++;
    return async (signal) => {
      await uncertain.run.attempt(signal, (own) => uncertain.reader.settle(own));
      this.#inFlight--;
    };
  }

  async #readChildren(follower: Follower, { id, group }: Queued, signal: AbortSignal): Promise<void> {
    const { run, progress, reader, left } = follower;
    if (run.failure !== undefined || signal.aborted) return;
    const finish = () => {
      const rest = (left.get(group) ?? group.size) - 1;
      if (rest > 0) {
        left.set(group, rest);
        return;
      }
      left.delete(group);
      this.#finishGroup(follower, group);
    };
    if (progress.covers(group.at) || progress.partial.covers(group.at, id)) finish();
    else {
      follower.sinceState++;
      await run.attempt(signal, (own) => reader.read({ id, at: group.at }, finish, own));
    }
  }

  #finishGroup(follower: Follower, group: Group): void {
    const span = follower.progress.partial.finish(group);
    if (span === undefined) this.#tellState(follower, group.at);
    else this.#finish(follower, ...span);
  }

  /** Notes that a stream's rows of a span are out. */
  #finish(follower: Follower, lo: number, hi: number): void {
    const { progress } = follower;
    progress.finish(Math.max(lo, progress.range.start), hi);
    this.#tellState(follower, hi);
  }

  /** Says in a STATE now and then what is out. */
  #tellState(follower: Follower, upTo: number): void {
    const now = this.#options.clock.now();
    if (follower.sinceState < CONVERSATIONS_A_STATE && now - follower.stateAt < STATE_EVERY_MS) return;
    follower.run.finished(`conversations up to ${describeInstant(upTo)}`);
    follower.sinceState = 0;
    follower.stateAt = now;
  }
}
