import { type z } from "zod";

import { type AirbyteApiError, isAirbyteApiError } from "./errors.ts";
import { pageSchema } from "./model.ts";
import { parseAnswer } from "./parse-answer.ts";

/** Airbyte's largest page. */
const PAGE_LIMIT = 100;

export interface PagedList<T> {
  path: string;
  workspaceIds: readonly string[];
  schema: z.ZodType<T>;
  idOf: (item: T) => string;
  /** Asks for one page. */
  read: (query: Record<string, string | readonly string[]>) => Promise<unknown>;
  /** Told of each row that can't be read; see `AirbyteApiOptions`. */
  onUnreadableRow: ((fault: string) => void) | undefined;
}

/**
 * Pages by offset. Airbyte's own links to the next page carry the host name of its insides, and lead on from the
 * last page too, so they aren't followed.
 */
export async function* pagedList<T>(list: PagedList<T>): AsyncGenerator<T, void, undefined> {
  const { path, workspaceIds, idOf, read } = list;
  const seen = new Set<string>();
  for (let offset = 0; ; offset += PAGE_LIMIT) {
    const query = { workspaceIds, includeDeleted: "false", limit: `${PAGE_LIMIT}`, offset: `${offset}` };
    const { data } = parseAnswer(pageSchema, await read(query), `GET ${path}`);
    const before = seen.size;
    const faults: AirbyteApiError[] = [];
    for (const [index, row] of data.entries()) {
      const item = itemOf(list, row, `GET ${path}, row ${offset + index}`, faults);
      if (item === undefined) continue;
      const id = idOf(item);
      // Rows that move between two pages come twice.
      if (seen.has(id)) continue;
      seen.add(id);
      yield item;
    }
    // Nobody would know what is behind a page of which no row can be read.
    if (faults[0] !== undefined && seen.size === before) throw faults[0];
    // A page without anything new comes from something that doesn't know offsets; it would go on forever.
    if (data.length < PAGE_LIMIT || seen.size === before) return;
  }
}

/** Undefined: it can't be read, and somebody has been told. */
function itemOf<T>(
  { schema, onUnreadableRow }: PagedList<T>,
  row: unknown,
  name: string,
  faults: AirbyteApiError[],
): T | undefined {
  try {
    return parseAnswer(schema, row, name);
  } catch (error) {
    if (onUnreadableRow === undefined || !isAirbyteApiError(error)) throw error;
    onUnreadableRow(error.message);
    faults.push(error);
    return undefined;
  }
}
