import { type Bounds, spanOf } from "./bounds.ts";
import { type Dataset, type StreamName } from "./data/dataset.ts";
import { type Span } from "./data/stream-data.ts";

const DAY_MS = 86_400_000;
/** Dixa's Exports API guide: a window may not exceed 31 days. */
const LONGEST_WINDOW_MS = 31 * DAY_MS;

export interface ExportQuery {
  stream: StreamName;
  span: Span;
}

/** What a request to the Exports API asks for, or a text that says what is wrong with it (400). */
export function parseExportQuery(
  path: string,
  query: URLSearchParams,
  bounds: Bounds,
): ExportQuery | string | undefined {
  const [stream, time] =
    path === "/v1/conversation_export"
      ? (["conversations", "updated"] as const)
      : path === "/v1/message_export"
        ? (["messages", "created"] as const)
        : [undefined, undefined];
  if (stream === undefined) return undefined;
  const after = instant(query.get(`${time}_after`));
  const before = instant(query.get(`${time}_before`));
  if (after === undefined || before === undefined) {
    return `give ${time}_after and ${time}_before, in ms or as yyyy-mm-dd`;
  }
  if (before < after) return "the window ends before it begins";
  if (before - after > LONGEST_WINDOW_MS) return "the window exceeds 31 days";
  return { stream, span: spanOf(bounds, after, before) };
}

function instant(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

const OPEN = Buffer.from("[");
const CLOSE = Buffer.from("]");

/** The pieces of the bare array. */
export function* exportPieces(
  dataset: Dataset,
  { stream, span }: ExportQuery,
  isShuffled: boolean,
  isUnclosed: boolean,
): Generator<Buffer, void, undefined> {
  yield OPEN;
  yield* dataset.streams[stream].pieces(span, { isShuffled });
  if (!isUnclosed) yield CLOSE;
}
