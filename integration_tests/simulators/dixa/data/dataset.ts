import { hash } from "../random.ts";
import { activityLogShape, type ZoneNames } from "./activity-logs.ts";
import { conversationShape } from "./conversations.ts";
import { messageShape } from "./messages.ts";
import { oddRows } from "./oddities.ts";
import { type OwnRow, type Span, StreamData } from "./stream-data.ts";
import { type StreamName } from "./stream-name.ts";
import { RowTemplate } from "./template.ts";

export interface DatasetOptions {
  /** The same seed gives the same rows. Default 1. */
  seed?: number;
  /** First and last instant, ms UTC. Default: the 150 days up to now. */
  span?: Span;
  conversations?: number;
  /** Default: three a conversation. */
  messages?: number;
  /** Default: four a conversation. */
  activityLogs?: number;
  /** Length of a conversation's notes and of a message's text, to make rows larger. Default 40 bytes. */
  textBytes?: number;
  /** Whether instants of the activity log carry `[GMT]`. Default "mixed". */
  zoneNames?: ZoneNames;
  /** Adds rows that are legal JSON and hard to take: lone surrogates, numbers that fit no column, 30 MB of text. */
  oddities?: boolean;
}

const DAY_MS = 86_400_000;
const SHAPES = 64;
/** Ids have eight digits, so that every row of a shape has the same length. */
const FIRST_ID = 10_000_000;
const IDS = 89_999_999;
/** Has no common factor with {@link IDS}, so that ids are unique and in no order. */
const ID_STEP = 61_803_397;

/** Undoes {@link ID_STEP}: their product is one more than a multiple of {@link IDS}. */
const ID_STEP_BACK = inverse(ID_STEP, IDS);

function conversationId(index: number): number {
  return FIRST_ID + ((index * ID_STEP) % IDS);
}

/** Which conversation of the pattern would have this id, or −1; all products stay below 2^53. */
function conversationIndex(id: number): number {
  if (!Number.isInteger(id) || id < FIRST_ID || id >= FIRST_ID + IDS) return -1;
  return ((id - FIRST_ID) * ID_STEP_BACK) % IDS;
}

/** The number that, times `value`, leaves 1 when divided by `modulus` (extended Euclid). */
function inverse(value: number, modulus: number): number {
  let [a, b, x, y] = [value, modulus, 1, 0];
  while (b !== 0) {
    const quotient = Math.floor(a / b);
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

/** A UUID that no other row of this stream has. */
function uuid(kind: string, seed: number, index: number): string {
  const random = hash(seed, index, 3).toString(16).padStart(8, "0");
  return `${kind}${random.slice(1)}-${random.slice(0, 4)}-4000-8000-${index.toString(16).padStart(12, "0")}`;
}

/** Everything that the simulated account holds. */
export class Dataset {
  readonly span: Span;
  readonly streams: Readonly<Record<StreamName, StreamData>>;
  readonly zoneNames: ZoneNames;
  #newConversations = 0;

  constructor(options: DatasetOptions = {}) {
    const { seed = 1, conversations = 1000, textBytes = 40, zoneNames = "mixed", oddities = false } = options;
    const { messages = conversations * 3, activityLogs = conversations * 4 } = options;
    this.zoneNames = zoneNames;
    const now = Math.floor(Date.now() / 1000) * 1000;
    const span = (this.span = options.span ?? { lo: now - 150 * DAY_MS, hi: now });
    const templates = (shape: (variant: number) => Record<string, unknown>) =>
      Array.from({ length: SHAPES }, (_, variant) => new RowTemplate(shape(variant)));
    const csid = (index: number, rows: number) =>
      conversationId(Math.floor((index * Math.max(1, conversations)) / rows));
    this.streams = {
      conversations: new StreamData({
        seed,
        span,
        rows: conversations,
        templates: templates((variant) => conversationShape(seed, variant, textBytes)),
        values: (index, cursor) => ({ id: conversationId(index), cursor }),
      }),
      messages: new StreamData({
        seed: seed + 1,
        span,
        rows: messages,
        templates: templates((variant) => messageShape(seed, variant, textBytes)),
        values: (index, cursor) => ({
          uuid: uuid("c", seed, index),
          csid: csid(index, messages),
          cursor,
        }),
      }),
      activity_logs: new StreamData({
        seed: seed + 2,
        span,
        rows: activityLogs,
        templates: templates((variant) => activityLogShape(seed, variant, zoneNames)),
        values: (index, cursor) => ({
          uuid: uuid("d", seed, index),
          csid: csid(index, activityLogs),
          cursor,
        }),
      }),
    };
    if (oddities) {
      for (const [stream, row] of oddRows(span)) this.#put(stream, row);
    }
  }

  /** A conversation as it is now, whether it is of the pattern or one's own. */
  conversation(id: number): OwnRow | undefined {
    const stream = this.streams.conversations;
    const own = stream.own(String(id));
    if (own !== undefined) return own;
    const index = conversationIndex(id);
    return stream.has(index)
      ? { id: String(id), cursor: stream.cursor(index), text: stream.text(index) }
      : undefined;
  }

  /** The messages of a conversation as JSON, as they are now. */
  messagesOf(id: number): string[] {
    const { conversations, messages } = this.streams;
    const index = conversationIndex(id);
    const texts: string[] = [];
    if (index >= 0 && index < conversations.size) {
      // Messages are dealt out to conversations in their order.
      const share = messages.size / conversations.size;
      for (let at = Math.floor(index * share); at < Math.ceil((index + 1) * share); at++) {
        const owner = Math.floor((at * conversations.size) / messages.size);
        if (owner === index && messages.has(at)) texts.push(messages.text(at));
      }
    }
    for (const { text } of messages.ownRows()) {
      if ((JSON.parse(text) as { csid: unknown }).csid === id) texts.push(text);
    }
    return texts;
  }

  /**
   * Changes a conversation: it moves to a new `updated_at`, and whatever else is given.
   *
   * @param at ms UTC
   * @returns the row as it is now
   * @throws Error if there is no conversation with this id
   */
  changeConversation(id: number, at: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
    const before = this.conversation(id);
    if (before === undefined) throw new Error(`there is no conversation ${id}`);
    const row = { ...(JSON.parse(before.text) as Record<string, unknown>), ...changes, id, updated_at: at };
    this.add("conversations", row, at);
    return row;
  }

  /**
   * As {@link changeConversation}, for a conversation of the pattern.
   *
   * @param index of the conversation in the pattern
   */
  touchConversation(
    index: number,
    at: number,
    changes: Record<string, unknown> = {},
  ): Record<string, unknown> {
    return this.changeConversation(conversationId(index), at, changes);
  }

  /** Adds a row of one's own, or takes the place of the row with the same `id`. */
  add(stream: StreamName, row: Record<string, unknown> & { id: string | number }, cursor: number): OwnRow {
    const own = { id: String(row.id), cursor, text: JSON.stringify(row) };
    this.#put(stream, own);
    return own;
  }

  /** The messages or the activities of a conversation, as they are now. */
  rowsOf(stream: "messages" | "activity_logs", conversation: number): OwnRow[] {
    const rows = this.streams[stream];
    const own = [...rows.owns()].filter(({ text }) => {
      if (!text.includes(String(conversation))) return false;
      const row = JSON.parse(text) as Record<string, unknown>;
      return row[stream === "messages" ? "csid" : "conversationId"] === conversation;
    });
    const pattern = this.#indexesOf(stream, conversation).map((index) => ({
      id: rows.idOf(index),
      cursor: rows.cursor(index),
      text: rows.text(index),
    }));
    return [...own, ...pattern];
  }

  /** Changes all messages or all activities of a conversation where they are; their cursors stay. */
  changeRowsOf(
    stream: "messages" | "activity_logs",
    conversation: number,
    change: (row: Record<string, unknown>) => Record<string, unknown>,
  ): void {
    const rows = this.rowsOf(stream, conversation);
    for (const index of this.#indexesOf(stream, conversation)) this.streams[stream].remove(index);
    for (const { id, cursor, text } of rows) {
      this.#put(stream, {
        id,
        cursor,
        text: JSON.stringify(change(JSON.parse(text) as Record<string, unknown>)),
      });
    }
  }

  /** The shape of a conversation that is not in the account yet, for {@link add}: every call gives another. */
  newConversation(): Record<string, unknown> & { id: number } {
    const index = this.streams.conversations.size + this.#newConversations++;
    const row = JSON.parse(this.streams.conversations.text(index)) as Record<string, unknown>;
    return { ...row, id: conversationId(index) };
  }

  /** Where a conversation's rows are in the pattern of another stream: the conversations share it out equally. */
  #indexesOf(stream: "messages" | "activity_logs", conversation: number): number[] {
    const index = conversationIndex(conversation);
    const rows = this.streams[stream];
    const each = rows.size / this.streams.conversations.size;
    if (index < 0 || index >= this.streams.conversations.size) return [];
    const first = Math.ceil(index * each);
    return Array.from({ length: Math.ceil((index + 1) * each) - first }, (_, at) => first + at).filter((at) =>
      rows.has(at),
    );
  }

  #put(stream: StreamName, own: OwnRow): void {
    const rows = this.streams[stream];
    if (stream === "conversations") rows.remove(conversationIndex(Number(own.id)));
    rows.put(own);
  }
}
