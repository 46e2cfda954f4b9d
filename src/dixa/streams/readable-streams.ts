import { isHttpStatusError } from "../../http/errors.ts";
import { type RequestOptions } from "../authorized-host.ts";
import { type Dixa } from "../dixa.ts";
import { requestOf } from "./list-request.ts";
import { type ListedStream } from "./stream.ts";

/** Statuses by which Dixa says that an account may not read something; others may have other reasons. */
const REFUSALS: ReadonlySet<number> = new Set([402, 403, 404]);

/**
 * Asks for the start of each list once, without retries, and says which of them Dixa refuses. What is under the rows of
 * another list would take that list's rows first, and is not asked for.
 *
 * @returns names of streams with the status of the refusal; nothing is known of lists that fail in another way
 */
export async function refusedStreams(
  dixa: Dixa,
  streams: readonly ListedStream[],
  options: Pick<RequestOptions, "signal">,
): Promise<{ stream: string; status: number }[]> {
  const refused: { stream: string; status: number }[] = [];
  for (const { name, list, parents } of streams) {
    const values = parents !== undefined && "values" in parents ? parents.values[0] : {};
    if (values === undefined || (parents !== undefined && !("values" in parents))) continue;
    const { path, query } = requestOf(list, values);
    const limit = list.paged === true ? { pageLimit: "1" } : {};
    try {
      await dixa.api.readAnswer(path, { ...query, ...limit }, { ...options, retry: false }, () => undefined);
    } catch (error) {
      if (options.signal?.aborted === true) return refused;
      if (isHttpStatusError(error) && REFUSALS.has(error.status)) {
        refused.push({ stream: name, status: error.status });
      }
    }
  }
  return refused;
}
