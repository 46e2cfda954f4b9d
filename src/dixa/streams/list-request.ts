import { BodyError } from "../../http/errors.ts";
import { JsonArraySplitter, type JsonElement } from "../../http/json-array-splitter.ts";
import { keyBytes, type NewMember, withMembers } from "../../http/json-element.ts";
import { type Dixa } from "../dixa.ts";
import { nextPageKey } from "../page-link.ts";
import { type RowReading } from "../row-reading.ts";
import { type List, type Parameters, type Row } from "./stream.ts";

/** No limit is documented, and a hundred is the fewest that anybody has seen; rows that shift are few on such a page. */
const PAGE_LIMIT = "100";
const DATA = ["data"];
const OPEN_BRACE = 0x7b;

/** What is done to each row before it is handed over. */
export interface RowShape {
  /** Parameters that become members. */
  added?: readonly string[];
  row?(row: Row, parent: Row): Row;
}

/**
 * Reads a page of a list, or all of a list that comes at once, and hands its rows over in their shape.
 *
 * @param parent the row that the parameters were taken from
 * @param pageKey undefined for the first page
 * @returns the key of the page after it; undefined if the list ends here. A list that should come at once and has a next
 *   page all the same has one: nothing is left behind because a document said so
 */
export async function readListPage(
  dixa: Dixa,
  list: List,
  { parameters, parent }: { parameters: Parameters; parent: Row },
  shape: RowShape,
  pageKey: string | undefined,
  reading: RowReading,
): Promise<string | undefined> {
  const { path, query } = requestOf(list, parameters, pageKey);
  const added = (shape.added ?? []).map((name): NewMember => ({
    key: keyBytes(name),
    value: Buffer.from(JSON.stringify(parameters[name])),
  }));
  const put = (element: JsonElement) => {
    if (element.buffer[element.start] !== OPEN_BRACE) {
      throw new BodyError("malformed", `a row of ${path} is not an object`);
    }
    const whole = added.length === 0 ? element : withMembers(element, added);
    if (shape.row === undefined) reading.onElement(whole);
    else {
      const text = whole.buffer.toString("utf8", whole.start, whole.end);
      putRows([shape.row(JSON.parse(text) as Row, parent)], reading.onElement);
    }
  };
  if (list.paged === true) {
    const page = await dixa.api.readPage(path, query, { ...reading, onElement: put });
    return page.next;
  }
  const next = await dixa.api.readAnswer(path, query, reading, (answer) => {
    reading.onStart?.();
    putRows(rowsOf(list, path, answer), put);
    return isRow(answer) ? nextPageKey(answer) : undefined;
  });
  await reading.drained();
  return next;
}

/** Path and query of a request, with the parameters in their places. */
export function requestOf(
  list: Pick<List, "path" | "query" | "paged">,
  parameters: Parameters,
  pageKey?: string,
): { path: string; query: Record<string, string> } {
  const fill = (template: string, encode: (text: string) => string) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = parameters[name];
      if (value === undefined) throw new Error(`${list.path} has no parameter ${name}`);
      return encode(String(value));
    });
  const query = Object.entries(list.query ?? {}).map(([name, value]) => [name, fill(value, String)]);
  return {
    path: fill(list.path, encodeURIComponent),
    query: {
      ...Object.fromEntries(query),
      ...(list.paged === true ? { pageLimit: PAGE_LIMIT } : {}),
      ...(pageKey === undefined ? {} : { pageKey }),
    } as Record<string, string>,
  };
}

/** Hands objects over as elements. */
function putRows(rows: readonly Row[], onElement: (element: JsonElement) => void): void {
  const splitter = new JsonArraySplitter({ onElement });
  splitter.push(Buffer.from(JSON.stringify(rows)));
  splitter.end();
}

/** The rows of an answer that is read as a whole. */
function rowsOf({ rows = DATA, isSingle = false }: List, path: string, answer: unknown): readonly Row[] {
  if (typeof rows === "function") return rows(answer);
  let found = answer;
  for (const member of rows) found = isRow(found) ? found[member] : undefined;
  if (Array.isArray(found) && found.every(isRow) && !(isSingle && found.length === 0)) return found;
  if (isRow(found)) return [found];
  const what = isSingle ? "row" : "rows";
  throw new BodyError("malformed", `the answer of ${path} has no ${what} at ${["$", ...rows].join(".")}`);
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
