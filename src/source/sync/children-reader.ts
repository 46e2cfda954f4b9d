import { type Dixa } from "../../dixa/dixa.ts";
import { CONVERSATION_ID, CONVERSATION_UPDATED_AT, followedCursor } from "../../dixa/streams/followed.ts";
import { requestOf } from "../../dixa/streams/list-request.ts";
import { type FollowedStream } from "../../dixa/streams/stream.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { keyBytes, withMembers } from "../../http/json-element.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { conversationPath, hasConversation, NOT_FOUND } from "./conversation-probe.ts";
import { type ChangedConversation } from "./conversation-queue.ts";
import { type ReadingReport } from "./reading-report.ts";
import { rowKeyOf } from "./row-key.ts";
import { FewSeenRows } from "./seen-rows.ts";
import { refusal } from "./stream-failure.ts";

/**
 * While Dixa has answered 404 for every conversation so far, these many are held back until it has answered for one, or
 * is asked for the conversations themselves: a feature that the account lacks looks like conversations that are gone.
 */
const MOST_HELD = 20;
/** So many of them are asked for, and of those that are refused while others are answered. */
const MOST_PROBES = 3;
const ID_KEY = keyBytes(CONVERSATION_ID);
const UPDATED_KEY = keyBytes(CONVERSATION_UPDATED_AT);

export interface ChildrenReaderOptions {
  dixa: Dixa;
  stream: FollowedStream;
  output: Pick<RecordOutput, "put">;
  drained: () => Promise<void> | undefined;
  report: ReadingReport;
}

/** A conversation that may be gone, or whose children were refused. */
interface Held {
  id: string;
  finish: () => void;
}

/** Reads one followed stream's rows of one conversation after the other. */
export class ChildrenReader {
  readonly #options: ChildrenReaderOptions;
  readonly #keyOf: ReturnType<typeof rowKeyOf>;
  #hasAnswered = false;
  /** How often a conversation was asked for while others were answered. */
  #probes = 0;
  #isTold = false;
  #held: Held[] = [];

  constructor(options: ChildrenReaderOptions) {
    this.#options = options;
    this.#keyOf = rowKeyOf(options.stream.primaryKey);
  }

  /**
   * Puts out the rows of a conversation. One that Dixa does not know any more (404) has none.
   *
   * @param finish called when they are out for certain, maybe later than this ends
   * @throws HttpError; ConnectorError config_error if Dixa does not answer for any conversation
   */
  async read({ id, at }: ChangedConversation, finish: () => void, signal: AbortSignal): Promise<void> {
    try {
      await this.#readRows({ id, at }, signal);
    } catch (error) {
      if (!isHttpStatusError(error) || error.status !== NOT_FOUND) throw error;
      if (this.#hasAnswered) {
        await this.#tell(id, signal);
        finish();
      } else this.#held.push({ id, finish });
      if (this.#held.length >= MOST_HELD) await this.settle(signal);
      return;
    }
    this.#hasAnswered = true;
    for (const held of this.#release()) {
      await this.#tell(held.id, signal);
      held.finish();
    }
    finish();
  }

  /** Whether some conversations are neither finished nor failed yet. */
  get isUncertain(): boolean {
    return this.#held.length > 0;
  }

  async #readRows({ id, at }: ChangedConversation, signal: AbortSignal): Promise<void> {
    const { dixa, stream, output, drained, report } = this.#options;
    const added = [
      { key: ID_KEY, value: Buffer.from(id) },
      { key: UPDATED_KEY, value: Buffer.from(JSON.stringify(followedCursor.format(at))) },
    ];
    // A page that failed comes again from its start.
    const seen = new FewSeenRows();
    const { path, query } = requestOf(stream, parametersOf(id));
    await dixa.api.readPages(path, query, {
      signal,
      drained,
      onRequest: () => {
        report.requested();
      },
      onWait: (wait) => {
        report.waiting(wait);
      },
      onElement: (element) => {
        const row = withMembers(element, added);
        if (seen.add(this.#keyOf(row))) output.put(row);
      },
    });
  }

  /**
   * Decides about them, by asking for the conversations themselves: if one is there, its children were refused. Throws
   * as {@link read}.
   */
  async settle(signal: AbortSignal): Promise<void> {
    const { dixa, stream, report } = this.#options;
    const held = this.#held;
    for (const { id } of held.slice(0, MOST_PROBES)) {
      const conversation = String(JSON.parse(id));
      const isThere = await hasConversation(dixa, conversation, report, signal);
      // Others are read meanwhile: where one was answered, a 404 is no refusal.
      if (this.#hasAnswered) return;
      if (!isThere) continue;
      const path = conversationPath(conversation);
      const what = `it answers ${NOT_FOUND} for each of ${held.length} conversations, though it has ${path}`;
      throw refusal(stream.name, what, {});
    }
    for (const { finish } of this.#release()) finish();
  }

  /**
   * Says once that Dixa does not answer for the children of a conversation that it has, or may have, though it does for
   * others: for want of a better reading that means that there are none.
   */
  async #tell(id: string, signal: AbortSignal): Promise<void> {
    const { stream, report } = this.#options;
    if (this.#probes >= MOST_PROBES) return;
    this.#probes++;
    const found = await this.#probed(id, signal);
    if (found === undefined || this.#isTold) return;
    this.#isTold = true;
    this.#probes = MOST_PROBES;
    report.warned(
      `Dixa answers ${NOT_FOUND} for ${requestOf(stream, parametersOf(id)).path}, ${found}: ` +
        "such conversations are taken to have none of these rows",
    );
  }

  /** What Dixa says of the conversation itself; undefined if that it has none. */
  async #probed(id: string, signal: AbortSignal): Promise<string | undefined> {
    const { dixa, report } = this.#options;
    try {
      const isThere = await hasConversation(dixa, String(JSON.parse(id)), report, signal);
      return isThere ? "though it has the conversation" : undefined;
    } catch (error) {
      // A right that the stream does not need must not end it.
      if (isHttpStatusError(error)) return `and ${error.status} for the conversation itself`;
      throw error;
    }
  }

  #release(): Held[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}

function parametersOf(id: string): Record<string, string> {
  return { [CONVERSATION_ID]: String(JSON.parse(id)) };
}
