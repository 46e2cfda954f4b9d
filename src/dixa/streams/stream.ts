import { type z } from "zod";

import { type Dixa } from "../dixa.ts";
import { type RowReading } from "../row-reading.ts";
import { type Cursor } from "./cursor.ts";

/** A span of cursor values, half-open, in ms UTC. */
export interface Window {
  readonly lo: number;
  readonly hi: number;
}

/** A row as an object, for what is easier said of one than of bytes. */
export type Row = Readonly<Record<string, unknown>>;

/** Values that a request is made with, by the names that its path and query give them. */
export type Parameters = Readonly<Record<string, string | number>>;

/** One stream: what its rows look like and how they are read. The kind says which of three ways that is. */
export type DixaStream = WindowedStream | ListedStream | FollowedStream;

interface StreamOfAnyKind {
  readonly name: string;
  readonly description: string;
  /** Fields of a row, as known today. Fields that Dixa adds later pass through. */
  readonly schema: z.ZodObject;
  /** Names of the fields that identify a row together. */
  readonly primaryKey: readonly string[];
  /** Lists of the row that Dixa also sends as the bare value when there is only one; they leave as lists. */
  readonly bareLists?: readonly string[];
}

/** A time range, cut into windows that are read in any order. */
export interface WindowedStream extends StreamOfAnyKind {
  readonly kind: "windowed";
  readonly primaryKey: readonly [string];
  readonly cursorField: string;
  readonly cursor: Cursor;
  /** Which of Dixa's hosts is asked, and so whose budget is used. */
  readonly host: "exports" | "api";
  /**
   * How the rows of one conversation are found again when Dixa has erased something from it: by the windows in which
   * they were made, in which their own `field` holds the conversation's id, or by a request of the Dixa API. Undefined
   * where erased rows come again by themselves.
   */
  readonly ofConversation?:
    | { readonly kind: "windows"; readonly field: string }
    | { readonly kind: "request"; path(conversation: number): string };
  /** Names under which other connectors keep this stream's state. */
  readonly aliases: readonly string[];
  /** Widest window that one read may ask for, ms, so that it stays below the API's limit with the overlap. */
  maxWindow(days: { exports: number; activityLog: number }): number;
  /**
   * Age beyond which the API may refuse to answer at all (ms); undefined if it has no such limit.
   */
  readonly reach?: number;
  /**
   * Reads at least the rows of the window, each once or more, in any order; rows outside it are the caller's to drop.
   *
   * @throws HttpError, or the signal's reason
   */
  readWindow(dixa: Dixa, window: Window, reading: RowReading): Promise<void>;
}

/**
 * A list of the Dixa API that knows no time, read as a whole in every sync: at once, in pages, or with one request for
 * each row of another list.
 */
export interface ListedStream extends StreamOfAnyKind {
  readonly kind: "listed";
  readonly list: List;
  /** Set: `list` is asked once for each of them. */
  readonly parents?: Parents;
  /** Parameters that every row gets as members, since only the path knows them. Their types are in the schema. */
  readonly added?: readonly string[];
  /**
   * The row as it leaves, for lists that need more than {@link added}: a key that is made, a secret that is left out,
   * the parent's members. The row that comes in has the added members already.
   *
   * @param parent the row of the parents' list that the parameters were taken from; empty if there is none
   */
  row?(row: Row, parent: Row): Row;
}

/** One list of the Dixa API. */
export interface List {
  /** With `{name}` for each parameter: `/v1/teams/{teamId}/agents`. */
  readonly path: string;
  /** Fixed ones as they are, and `{name}` for a parameter. */
  readonly query?: Readonly<Record<string, string>>;
  /** Whether the answer comes in pages (`pageLimit`, `pageKey`, `meta.next`). Default false: all at once. */
  readonly paged?: boolean;
  /**
   * Where the rows are in the answer, as a path of members: a list, or one row that is not in a list. Default
   * `["data"]`; `[]` for an answer that is the list itself. A function takes them out of an answer that holds them
   * otherwise, and throws BodyError if the answer is not what it expects: no surprise may look like an empty list.
   *
   * Answers in pages have their rows at `["data"]`.
   */
  readonly rows?: readonly string[] | ((answer: unknown) => readonly Row[]);
  /** Whether there is one row, so that an empty list in its place is an error. Default false. */
  readonly isSingle?: boolean;
}

/** What the requests of a list are made for: fixed values, or the rows of another list. */
export type Parents =
  | { readonly values: readonly Parameters[] }
  | {
      readonly list: List;
      readonly parents?: Parents;
      /** The parameters of the requests for this row; those of its own parents are kept beside them. */
      parameters(row: Row): Parameters;
    };

/**
 * Children of the conversations that changed in a time range: one request of the Dixa API a conversation, in ascending
 * order of the conversation's `updated_at`. All followed streams share one pass over the conversations. Each row gets
 * two members more, which {@link import("./followed.ts")} describes.
 */
export interface FollowedStream extends StreamOfAnyKind {
  readonly kind: "followed";
  /** With `{conversationId}`: `/v1/conversations/{conversationId}/notes`. The rows are the list `data` of its answer. */
  readonly path: string;
}
