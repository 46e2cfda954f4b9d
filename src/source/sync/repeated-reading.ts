import { isLostKey, MOST_PAGES } from "../../dixa/pagination.ts";
import { type PageReader } from "./page-reader.ts";
import { hasOnlyGained } from "./page-seam.ts";

/** So often a list is read as a whole before it counts as one that changes too fast. */
const MOST_READINGS = 8;
/** So many pages in a row without a row that was not seen before are no list any more. */
export const MOST_PAGES_WITHOUT_ROWS = 500;
const MOST_KNOWN_PAGES_WITHOUT_ROWS = 20;

/** One reading of a whole list, from its first page on. */
interface Reading {
  rows: Set<string>;
  /** Whether it came to the end of the list, and no page may be missing in it. */
  isWhole: boolean;
}

/**
 * Reads a whole list again and again, each page key once, until a reading has every row of one before it: then nothing
 * had been deleted that this one had passed, so that no row has moved out of its sight.
 *
 * @param reason thrown if no two readings agree, or if the list has no end
 * @returns pages as they are read; none of them is a place to go on from
 * @throws HttpError
 */
export async function* repeatedReading(
  reader: PageReader,
  signal: () => AbortSignal,
  reason: unknown,
): AsyncGenerator<undefined, void, undefined> {
  let whole: Reading | undefined;
  for (let count = 0; count < MOST_READINGS; count++) {
    const reading: Reading = { rows: new Set(), isWhole: true };
    yield* readOnce(reading, reader, signal, reason);
    if (whole !== undefined && hasOnlyGained(whole.rows, reading.rows)) return;
    if (reading.isWhole) whole = reading;
  }
  throw reason;
}

async function* readOnce(
  reading: Reading,
  reader: PageReader,
  signal: () => AbortSignal,
  reason: unknown,
): AsyncGenerator<undefined, void, undefined> {
  const keys = new Set<string>();
  let withoutRows = 0;
  let key: string | undefined;
  do {
    const page = await readIfThere(reader, key, signal());
    yield undefined;
    // A try that failed may have used the key up, whatever the next one is answered with. The first page has none.
    reading.isWhole &&= page !== undefined && (key === undefined || !page.isRetried);
    if (page === undefined) return;
    const { size } = reading.rows;
    for (const row of page.rows) reading.rows.add(row);
    withoutRows = reading.rows.size === size ? withoutRows + 1 : 0;
    // A key that is the same on every page may stand for whoever reads; then there is something new behind it.
    const isKnown = key !== undefined && keys.has(key);
    const most = isKnown ? MOST_KNOWN_PAGES_WITHOUT_ROWS : MOST_PAGES_WITHOUT_ROWS;
    if (withoutRows >= most || keys.size >= MOST_PAGES) throw reason;
    if (key !== undefined) keys.add(key);
    key = page.next;
  } while (key !== undefined);
}

async function readIfThere(reader: PageReader, key: string | undefined, signal: AbortSignal) {
  try {
    return await reader.read(key, signal);
  } catch (error) {
    if (key !== undefined && isLostKey(error)) return undefined;
    throw error;
  }
}
