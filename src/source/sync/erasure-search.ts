import { activityLogs } from "../../dixa/streams/activity-logs.ts";
import { conversations } from "../../dixa/streams/conversations.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { BodyError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { anonymizationIn, idOf, redactionIn, spanOf } from "./erasure-rows.ts";
import { type Erasure } from "./erasure-state.ts";
import { type Interval } from "./intervals.ts";
import { type ReadingReport } from "./reading-report.ts";
import { SlicePlanner } from "./slice-planner.ts";
import { SliceReader, type SliceReaderOptions } from "./slice-reader.ts";

/** Conversations that one request asks for by their ids; the most that Dixa takes is not documented. */
const IDS_PER_REQUEST = 100;

export type ErasureReading = Pick<
  SliceReaderOptions,
  "dixa" | "drained" | "clock" | "now" | "tuning" | "budget"
> & {
  days: Parameters<WindowedStream["maxWindow"]>[0];
};

/** What was erased in a time, and when the messages of those conversations were written as far as that is known. */
export interface FoundErasures {
  erasures: readonly Erasure[];
  /** From a conversation's creation to its last message, ms UTC. */
  spans: Map<number, Interval>;
}

/**
 * Looks for what Dixa has erased. There is no list of it: an anonymised conversation says so itself, and comes by
 * `updated_at`; a redacted message is told of by an activity. Streams that ask for the same time share the answer.
 */
export class ErasureSearch {
  readonly #reading: ErasureReading;
  readonly #shared = new Map<string, Promise<FoundErasures>>();

  constructor(reading: ErasureReading) {
    this.#reading = reading;
  }

  /**
   * The erasures of `[from, to)` and those after it that show already, ms UTC.
   *
   * @throws what reading a window throws
   */
  async find(from: number, to: number, report: ReadingReport, signal: AbortSignal): Promise<FoundErasures> {
    const key = `${from} ${to}`;
    const shared = this.#shared.get(key);
    const found = shared === undefined ? undefined : await shared.catch(() => undefined);
    if (found !== undefined) return found;
    // Whoever waited for one that failed asks again, so that one stream's end is not the other's.
    const own = this.#search(from, to, report, signal);
    this.#shared.set(key, own);
    return own;
  }

  /** When the messages of these conversations were written; those that Dixa does not know any more are missing. */
  async spansOf(
    ids: readonly number[],
    report: ReadingReport,
    signal: AbortSignal,
  ): Promise<Map<number, Interval>> {
    const spans = new Map<number, Interval>();
    for (let at = 0; at < ids.length; at += IDS_PER_REQUEST) {
      await this.#addSpans(ids.slice(at, at + IDS_PER_REQUEST), spans, report, signal);
    }
    // Dixa may take fewer ids than were asked for, without a word: only one that is missing when asked for alone is gone.
    for (const id of ids.length > 1 ? ids.filter((one) => !spans.has(one)) : []) {
      await this.#addSpans([id], spans, report, signal);
    }
    return spans;
  }

  async #addSpans(
    ids: readonly number[],
    spans: Map<number, Interval>,
    report: ReadingReport,
    signal: AbortSignal,
  ): Promise<void> {
    const { dixa, drained, now } = this.#reading;
    await dixa.exports.readArray(
      "/v1/conversation_export",
      { csids: ids.join(",") },
      {
        signal,
        drained,
        onRequest: () => {
          report.requested();
        },
        onWait: (wait) => {
          report.waiting(wait);
        },
        onElement: (element) => {
          const id = idOf(element);
          if (!ids.includes(id))
            throw new BodyError("malformed", `Dixa answers for conversation ${id}, which was not asked for`);
          spans.set(id, spanOf(element, now));
        },
      },
    );
  }

  async #search(
    from: number,
    to: number,
    report: ReadingReport,
    signal: AbortSignal,
  ): Promise<FoundErasures> {
    const { now } = this.#reading;
    const erasures: Erasure[] = [];
    const spans = new Map<number, Interval>();
    await this.readAll(conversations, [[from, to]], report, signal, (element) => {
      const erasure = anonymizationIn(element);
      if (erasure === undefined || erasure.at < from) return;
      erasures.push(erasure);
      spans.set(erasure.conversation, spanOf(element, now));
    });
    await this.readAll(activityLogs, [[from, to]], report, signal, (element) => {
      const erasure = redactionIn(element);
      if (erasure !== undefined) erasures.push(erasure);
    });
    return { erasures, spans };
  }

  /**
   * Reads windows of a stream, with all the care of its own reading, and hands its rows over.
   *
   * @param windows half-open, ms UTC
   * @throws what reading a window throws, or what was thrown for a row
   */
  async readAll(
    stream: WindowedStream,
    windows: readonly Interval[],
    report: ReadingReport,
    signal: AbortSignal,
    put: (element: JsonElement) => void,
  ): Promise<void> {
    const { days, ...reading } = this.#reading;
    // A row counts as out once it was handed over, and does not come again: what is wrong with it is told at the end.
    // Only the first is kept: there may be one for each of a million rows.
    let fault: { error: unknown } | undefined;
    const take = (element: JsonElement) => {
      try {
        put(element);
      } catch (error) {
        fault ??= { error };
      }
    };
    for (const [start, end] of windows) {
      const planner = new SlicePlanner({ start, end, maxWidth: stream.maxWindow(days), done: [] });
      const reader = new SliceReader({
        ...reading,
        stream,
        planner,
        output: { put: take },
        report: {
          requested: () => {
            report.requested();
          },
          waiting: (wait) => {
            report.waiting(wait);
          },
          warned: (message) => {
            report.warned(message);
          },
          finished: () => undefined,
        },
      });
      for (let slice = planner.next(); slice !== undefined; slice = planner.next()) {
        await reader.read(slice, signal);
      }
    }
    if (fault !== undefined) throw fault.error;
  }
}
