import { type JsonReply } from "../json.ts";
import { type PageKeys } from "../page-keys.ts";
import { type Row } from "./table.ts";

/** Not documented. */
const DEFAULT_PAGE_LIMIT = 20;

export interface PagingOptions {
  /** Rows a page has at most, whatever is asked for. */
  largest: number;
  /** Every so many pages one is empty, although more follow; undefined: none is. */
  emptyEvery: number | undefined;
  keys: PageKeys;
}

/** A page of a list, by its number, as the example of a key in Dixa's documents decodes: rows shift when others come or go. */
export function page(
  path: string,
  rows: readonly Row[],
  query: URLSearchParams,
  { largest, emptyEvery, keys }: PagingOptions,
): JsonReply {
  const key = query.get("pageKey");
  const parameters = key === null ? new URLSearchParams(query) : keys.open(key);
  if (parameters === "empty") return { status: 200, body: { data: [], meta: {} } };
  if (parameters === "refused") return refused("pageKey is not one that this API has made");
  const limit = Number(parameters.get("pageLimit") ?? DEFAULT_PAGE_LIMIT);
  const number = Number(parameters.get("page") ?? 0);
  if (!Number.isInteger(limit) || limit < 1) return refused("pageLimit is out of range");
  const size = Math.min(limit, largest);
  const isEmpty = emptyEvery !== undefined && number % emptyEvery === emptyEvery - 1;
  // So many of the pages before this one, and perhaps this one, gave nothing.
  const empty = emptyEvery === undefined ? 0 : Math.floor(number / emptyEvery);
  const from = (number - empty) * size;
  const to = isEmpty ? from : from + size;
  const meta: Record<string, string> = {};
  if (to < rows.length) {
    parameters.set("page", String(number + 1));
    meta["next"] = `${path}?pageKey=${encodeURIComponent(keys.make(parameters))}`;
  }
  return { status: 200, body: { data: rows.slice(from, to), meta } };
}

function refused(message: string): JsonReply {
  return { status: 400, body: { message } };
}
