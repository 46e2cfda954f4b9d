import { type Bounds, spanOf } from "./bounds.ts";
import { type Dataset } from "./data/dataset.ts";
import { type Span } from "./data/stream-data.ts";
import { type StreamName } from "./data/stream-name.ts";

const DAY_MS = 86_400_000;
/** Dixa's Exports API guide: a window may not exceed 31 days. */
const LONGEST_WINDOW_MS = 31 * DAY_MS;
const LARGEST_CSID = 2 ** 31 - 1;

/** Where each export is, and the cursor that its windows go by. Other windows (closed, …) are not simulated. */
const EXPORTS: Readonly<Record<string, { stream: StreamName; time: string }>> = {
  "/v1/conversation_export": { stream: "conversations", time: "updated" },
  "/v1/message_export": { stream: "messages", time: "created" },
};

export interface ExportQuery {
  stream: StreamName;
  /** Undefined: all time. */
  span: Span | undefined;
  /** Only these conversations. */
  csids: readonly number[] | undefined;
}

/**
 * What a request to the Exports API asks for, a text that says what is wrong with it (400), or undefined if there is
 * no such path.
 */
export function parseExportQuery(
  path: string,
  query: URLSearchParams,
  bounds: Bounds,
): ExportQuery | string | undefined {
  const found = EXPORTS[path];
  if (found === undefined) return undefined;
  const { stream, time } = found;
  const span = parseWindow(query, time, bounds);
  if (typeof span === "string") return span;
  const csids = stream === "conversations" ? parseCsids(query.get("csids")) : undefined;
  if (typeof csids === "string") return csids;
  if (span === undefined && csids === undefined) {
    return `give ${time}_after and ${time}_before, in ms or as yyyy-mm-dd`;
  }
  return { stream, span, csids };
}

function parseWindow(query: URLSearchParams, time: string, bounds: Bounds): Span | string | undefined {
  const [first, last] = [query.get(`${time}_after`), query.get(`${time}_before`)];
  if (first === null && last === null) return undefined;
  const after = instant(first);
  const before = instant(last);
  if (after === undefined || before === undefined) {
    return `give both ${time}_after and ${time}_before, in ms or as yyyy-mm-dd`;
  }
  if (before < after) return "the window ends before it begins";
  if (before - after > LONGEST_WINDOW_MS) return "the window exceeds 31 days";
  return spanOf(bounds, after, before);
}

function instant(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function parseCsids(text: string | null): number[] | string | undefined {
  if (text === null) return undefined;
  const ids = text.split(",").map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  return ids.every((id) => id <= LARGEST_CSID)
    ? [...new Set(ids)]
    : "csids must be ids with commas between them";
}

const OPEN = Buffer.from("[");
const CLOSE = Buffer.from("]");

/** The pieces of the bare array. */
export function* exportPieces(
  dataset: Dataset,
  { stream, span, csids }: ExportQuery,
  isShuffled: boolean,
): Generator<Buffer, void, undefined> {
  yield OPEN;
  if (csids !== undefined) {
    const rows = csids.flatMap((id) => dataset.conversation(id) ?? []);
    const within = rows.filter(({ cursor }) => span === undefined || (cursor >= span.lo && cursor < span.hi));
    yield Buffer.from(within.map(({ text }) => text).join(","));
  } else if (span !== undefined) {
    yield* dataset.streams[stream].pieces(span, { isShuffled });
  }
  yield CLOSE;
}
