import { type Bounds, spanOf } from "./bounds.ts";
import { type Dataset } from "./data/dataset.ts";
import { type Span } from "./data/stream-data.ts";
import { type PageKeys } from "./page-keys.ts";

const DAY_MS = 86_400_000;
const LONGEST_QUERY_MS = 90 * DAY_MS;
const DEFAULT_PAGE_LIMIT = 100;
/** Not documented; what Stitch's connector asks for. */
const LARGEST_PAGE = 10_000;

/** Whether the 90 days that a query reaches are the length of its window, or the age of the rows. */
export type Reach = "length" | "age";

export interface ActivityLogQuery {
  span: Span;
  pageLimit: number;
  page: number;
  /** The parameters but for `pageKey`, which the key of the next page repeats. */
  parameters: URLSearchParams;
}

/** What a request for the activity log asks for, a text that says what is wrong with it (400), or undefined for no rows. */
export function parseActivityLogQuery(
  query: URLSearchParams,
  options: {
    bounds: Bounds;
    wholeSeconds: boolean;
    reach: Reach;
    now: number;
    largestPage?: number | undefined;
    keys: PageKeys;
  },
): ActivityLogQuery | string | undefined {
  const key = query.get("pageKey");
  const parameters = key === null ? new URLSearchParams(query) : options.keys.open(key);
  if (parameters === "empty") return undefined;
  if (parameters === "refused") return "pageKey is not one that this API has made";
  const from = instant(parameters.get("fromDatetime"));
  const to = instant(parameters.get("toDatetime"));
  if (from === undefined || to === undefined)
    return "give fromDatetime and toDatetime as yyyy-mm-ddThh:mm:ssZ";
  if (to < from) return "the window ends before it begins";
  if (options.reach === "length" && to - from > LONGEST_QUERY_MS) return "a query reaches 90 days";
  if (options.reach === "age" && from < options.now - LONGEST_QUERY_MS)
    return "the last 90 days are available";
  const pageLimit = Number(parameters.get("pageLimit") ?? DEFAULT_PAGE_LIMIT);
  if (!Number.isInteger(pageLimit) || pageLimit < 1 || pageLimit > LARGEST_PAGE)
    return "pageLimit is out of range";
  return {
    span: spanOf(options.bounds, from, to, options.wholeSeconds ? 1000 : 1),
    pageLimit: Math.min(pageLimit, options.largestPage ?? Infinity),
    page: Number(parameters.get("page") ?? 0),
    parameters,
  };
}

function instant(text: string | null): number | undefined {
  if (text === null || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The pieces of one page, in its envelope. */
export function* activityLogPieces(
  dataset: Dataset,
  query: ActivityLogQuery,
  keys: PageKeys,
  isShuffled: boolean,
): Generator<Buffer, void, undefined> {
  const { span, page, pageLimit, parameters } = query;
  const stream = dataset.streams.activity_logs;
  const skip = page * pageLimit;
  const meta: Record<string, string> = {};
  if (stream.count(span) > skip + pageLimit) {
    parameters.set("page", String(page + 1));
    meta["next"] = `/v1/conversations/activitylog?pageKey=${encodeURIComponent(keys.make(parameters))}`;
  }
  yield Buffer.from(`{"meta":${JSON.stringify(meta)},"data":[`);
  yield* stream.pieces(span, { isShuffled, skip, take: pageLimit });
  yield Buffer.from("]}");
}

/** All activities of one conversation, which come without pages. */
export function activitiesOf(dataset: Dataset, conversation: number): Buffer[] {
  const rows = dataset.rowsOf("activity_logs", conversation).map(({ text }) => text);
  return [Buffer.from(`{"data":[${rows.join(",")}]}`)];
}
