import { type Dixa } from "../../dixa/dixa.ts";
import { conversations } from "../../dixa/streams/conversations.ts";
import { type Clock } from "../../http/clock.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { findMember, keyBytes, valueText } from "../../http/json-element.ts";
import { type ChangedConversation } from "./conversation-queue.ts";
import { type Interval } from "./intervals.ts";
import { type RowBudget } from "./row-budget.ts";
import { type Slice, SlicePlanner } from "./slice-planner.ts";
import { SliceReader, type SliceReport, type SliceTuning } from "./slice-reader.ts";
import { type Unit } from "./work.ts";

const ID_KEY = keyBytes("id");
const UPDATED_KEY = keyBytes("updated_at");

export interface ConversationListOptions {
  dixa: Dixa;
  /** Widest window of the export, ms. */
  maxWindow: number;
  drained: () => Promise<void> | undefined;
  clock: Clock;
  now: number;
  tuning: SliceTuning;
  budget: RowBudget;
  /** What is to be listed: from `start` to `end` (ms UTC), but for what is done. */
  start: number;
  end: number;
  done: readonly Interval[];
  /** Makes the report of one who wants to know when a window is listed. */
  reportOf: (finished: (window: Slice) => void) => SliceReport;
  /** Takes the conversations that changed in a window of which all rows are there. */
  onListed: (window: Slice, changed: readonly ChangedConversation[]) => void;
  onFailure: (error: unknown) => void;
}

/** A row of the export; one that doesn't say when it changed has no instant. */
interface Listed {
  id: string;
  at: number | undefined;
}

/** Lists the conversations that changed, window after window, one window at a time. */
export class ConversationList {
  readonly #options: ConversationListOptions;
  readonly #planner: SlicePlanner;
  readonly #reader: SliceReader;
  /** Listed in windows that are not finished yet. */
  #listed: Listed[] = [];
  #isListing = false;
  #isAllListed = false;

  constructor(options: ConversationListOptions) {
    const { dixa, drained, clock, now, tuning, budget, start, end, done, maxWindow, reportOf } = options;
    this.#options = options;
    this.#planner = new SlicePlanner({ start, end, maxWidth: maxWindow, done });
    this.#reader = new SliceReader({
      ...{ dixa, drained, clock, now, tuning, budget, stream: conversations, planner: this.#planner },
      output: {
        put: (row) => {
          this.#listed.push(listedOf(row));
        },
      },
      report: reportOf((window) => {
        this.#handOver(window);
      }),
    });
  }

  /** Nothing more will be listed. */
  get isOver(): boolean {
    return this.#isAllListed && !this.#isListing;
  }

  /** A window to list, if none is being listed; none any more once nobody wants it. */
  next(isWanted: boolean): Unit | undefined {
    if (this.#isListing || this.#isAllListed) return undefined;
    const slice = isWanted ? this.#planner.next() : undefined;
    if (slice === undefined) {
      this.#isAllListed = true;
      return undefined;
    }
    this.#isListing = true;
    return async (signal) => {
      try {
        await this.#reader.read(slice, signal);
      } catch (error) {
        if (!signal.aborted) this.#options.onFailure(error);
        this.#isAllListed = true;
      }
      this.#isListing = false;
    };
  }

  #handOver({ lo, hi }: Slice): void {
    const inWindow: ChangedConversation[] = [];
    const later: Listed[] = [];
    for (const { id, at } of this.#listed) {
      // One that doesn't say when it changed is taken to have changed last.
      if (at === undefined || at < hi) inWindow.push({ id, at: at ?? hi - 1 });
      else later.push({ id, at });
    }
    this.#listed = later;
    this.#options.onListed({ lo, hi }, inWindow);
  }
}

function listedOf(row: JsonElement): Listed {
  const at = findMember(row, UPDATED_KEY);
  return {
    id: valueText(row, findMember(row, ID_KEY)),
    at: at === -1 ? undefined : conversations.cursor.read(row, at),
  };
}
