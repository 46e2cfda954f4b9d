import { hash } from "../random.ts";
import { activityLogShape, type ZoneNames } from "./activity-logs.ts";
import { conversationShape } from "./conversations.ts";
import { messageShape } from "./messages.ts";
import { oddRows } from "./oddities.ts";
import { type OwnRow, type Span, StreamData } from "./stream-data.ts";
import { RowTemplate } from "./template.ts";

export type StreamName = "conversations" | "messages" | "activity_logs";

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

function conversationId(index: number): number {
  return FIRST_ID + ((index * ID_STEP) % IDS);
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

  constructor(options: DatasetOptions = {}) {
    const { seed = 1, conversations = 1000, textBytes = 40, zoneNames = "mixed", oddities = false } = options;
    const { messages = conversations * 3, activityLogs = conversations * 4 } = options;
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
      for (const [stream, row] of oddRows(span)) this.streams[stream].put(row);
    }
  }

  /**
   * Changes a conversation: it moves to a new `updated_at`, and whatever else is given.
   *
   * @param index of the conversation in the pattern
   * @param at ms UTC
   * @returns the row as it is now
   */
  touchConversation(
    index: number,
    at: number,
    changes: Record<string, unknown> = {},
  ): Record<string, unknown> {
    const stream = this.streams.conversations;
    const id = stream.idOf(index);
    const now = JSON.parse(stream.own(id)?.text ?? stream.text(index)) as Record<string, unknown>;
    const row = { ...now, ...changes, updated_at: at };
    stream.remove(index);
    stream.put({ id, cursor: at, text: JSON.stringify(row) });
    return row;
  }

  /** Adds a row of one's own; its key is `id`. */
  add(stream: StreamName, row: Record<string, unknown> & { id: string | number }, cursor: number): OwnRow {
    const own = { id: String(row.id), cursor, text: JSON.stringify(row) };
    this.streams[stream].put(own);
    return own;
  }
}
