import { type Dixa } from "../../dixa/dixa.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { BodyError, isHttpStatusError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { findMember, keyBytes, valueEnd, valueStart } from "../../http/json-element.ts";
import { hasConversation } from "./conversation-probe.ts";
import { conversationIn } from "./erasure-rows.ts";
import { type ErasureSearch, type FoundErasures } from "./erasure-search.ts";
import { type ErasureLog } from "./erasure-state.ts";
import { lost, unreadable } from "./erasure-trouble.ts";
import { coverSpans } from "./erasure-windows.ts";
import { type Interval } from "./intervals.ts";
import { type ReadingReport } from "./reading-report.ts";
import { RowSet } from "./row-set.ts";

/** So many conversations that are asked for one by one are read before a STATE says so. */
const CONVERSATIONS_A_STATE = 100;
/**
 * Statuses that may say that a conversation is gone. Of its activities, Dixa's document knows only 400; other paths of a
 * conversation answer 404.
 */
const MAY_BE_GONE: ReadonlySet<number> = new Set([400, 404, 410]);
/** A conversation's times and those of its messages are not stamped at the same moment, ms. */
const SPAN_MARGIN_MS = 3_600_000;

export interface ErasureFollowerOptions {
  dixa: Dixa;
  stream: WindowedStream;
  search: ErasureSearch;
  /** What the stream's state says of it. */
  log: ErasureLog;
  /** First instant of what the destination may hold, ms UTC. */
  since: number;
  /** When the sync began, ms UTC: later erasures are the next sync's. */
  now: number;
  /** How long erasures may take to show up, ms. */
  lookback: number;
  /** Widest window of the stream, ms. */
  maxWidth: number;
  drained: () => Promise<void> | undefined;
  put: (element: JsonElement) => void;
  report: ReadingReport;
}

/**
 * Reads the rows of conversations again from which Dixa has erased something since the last sync, so that the
 * destination forgets it too: they would not come by themselves, since a stream is read by when its rows were made.
 */
export class ErasureFollower {
  readonly #options: ErasureFollowerOptions;

  constructor(options: ErasureFollowerOptions) {
    this.#options = options;
  }

  /**
   * @param onProgress called when the state says more than before, so that a sync that is killed repeats little
   * @throws what reading a window or a conversation throws; then the state stays as it was last
   */
  async follow(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { stream, search, log, now, lookback, report } = this.#options;
    const found = await search.find(log.from, now, report, signal);
    let left = log.newOf(found.erasures);
    const ids = [...new Set(left.map(({ conversation }) => conversation))];
    if (ids.length > 0) {
      report.warned(`Dixa has erased something from ${ids.length} conversations: reading their rows again`);
      const finished = (done: ReadonlySet<number>) => {
        const of = Map.groupBy(left, ({ conversation }) => done.has(conversation));
        left = of.get(false) ?? [];
        log.follow(of.get(true) ?? [], log.from);
        onProgress();
      };
      const { ofConversation } = stream;
      if (ofConversation?.kind === "request")
        await this.#readEach(ids, (id) => ofConversation.path(id), finished, signal);
      if (ofConversation?.kind === "windows") {
        await this.#readWindows(ids, found, keyBytes(ofConversation.field), finished, signal);
      }
    }
    log.follow(left, now - lookback);
  }

  /** All windows in which messages of the conversations were written; only theirs are put out. */
  async #readWindows(
    ids: readonly number[],
    found: FoundErasures,
    field: Buffer,
    finished: (ids: ReadonlySet<number>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { stream, search, since, now, maxWidth, put, report } = this.#options;
    const unknown = ids.filter((id) => !found.spans.has(id));
    const spans = new Map([...found.spans, ...(await search.spansOf(unknown, report, signal))]);
    const gone = unknown.filter((id) => !spans.has(id));
    if (gone.length > 0) report.warned(lost(gone));
    const wanted = new Map(
      ids.flatMap((id): [number, Interval][] => {
        const [lo, hi] = spans.get(id) ?? [0, 0];
        return hi === 0
          ? []
          : [[id, [Math.max(since, lo - SPAN_MARGIN_MS), Math.min(now, hi + SPAN_MARGIN_MS)]]];
      }),
    );
    for (const window of coverSpans(wanted.values(), maxWidth)) {
      await search.readAll(stream, [window], report, signal, (element) => {
        const id = conversationIn(element, field);
        // One that doesn't say of which conversation it is may be of any.
        if (id === undefined || wanted.has(id)) put(element);
      });
      finished(new Set(ids.filter((id) => (wanted.get(id)?.[1] ?? -Infinity) <= window[1])));
    }
  }

  /**
   * One request a conversation; one that is proved to be gone has nothing left to read.
   *
   * @throws HttpError; ConnectorError transient_error, after all others are read, if one is not answered for that is there
   */
  async #readEach(
    ids: readonly number[],
    path: (conversation: number) => string,
    finished: (ids: ReadonlySet<number>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { dixa, stream, since, drained, put, report } = this.#options;
    const cursorKey = keyBytes(stream.cursorField);
    const idKey = keyBytes(stream.primaryKey[0]);
    const done = new Set<number>();
    const refused = new Map<number, number>();
    for (const id of ids) {
      const out = new RowSet(0);
      let rows = 0;
      const onElement = (element: JsonElement) => {
        rows++;
        const cursorAt = findMember(element, cursorKey);
        const cursor = cursorAt === -1 ? undefined : stream.cursor.read(element, cursorAt);
        if (cursor !== undefined && cursor < since) return;
        const idAt = findMember(element, idKey);
        if (idAt === -1) throw new BodyError("malformed", `an activity of conversation ${id} has no id`);
        // A page that fails comes again from its start.
        if (out.addBytes(element.buffer, valueStart(element, idAt), valueEnd(element, idAt), 0)) put(element);
      };
      try {
        await dixa.api.readPages(
          path(id),
          {},
          {
            signal,
            drained,
            onElement,
            onRequest: () => {
              report.requested();
            },
            onWait: (wait) => {
              report.waiting(wait);
            },
          },
        );
        if (rows === 0) {
          report.warned(
            `Dixa gives no activity of conversation ${id}, from which it has erased something; ` +
              "rows of it that were read before stay as they are",
          );
        }
      } catch (error) {
        if (!isHttpStatusError(error) || !MAY_BE_GONE.has(error.status)) throw error;
        if (await hasConversation(dixa, id, report, signal)) {
          // One that may never be answered must not keep the others' erasures from the destination.
          refused.set(id, error.status);
          continue;
        }
        report.warned(lost([id]));
      }
      if (done.add(id).size % CONVERSATIONS_A_STATE === 0) finished(done);
    }
    if (refused.size === 0) return;
    finished(done);
    throw unreadable(refused);
  }
}
