import { type Dixa } from "../../dixa/dixa.ts";
import { type Parents, type Row } from "../../dixa/streams/stream.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { ListReading } from "./list-reading.ts";
import { type Target } from "./page-reader.ts";
import { type ReadingReport } from "./reading-report.ts";
import { FewSeenRows } from "./seen-rows.ts";
import { refusal } from "./stream-failure.ts";

const NOT_FOUND = 404;
const NO_PARENT: readonly Target[] = [{ parameters: {}, parent: {} }];

/** What every request of one listed stream needs. */
export interface ListContext {
  dixa: Dixa;
  stream: string;
  report: ReadingReport;
  signal: () => AbortSignal;
}

/** Tells targets apart, and finds one again in a later sync's list. */
export function targetKey({ parameters }: Target): string {
  return JSON.stringify(parameters);
}

/** The targets in an order that does not depend on the one in which they were found. */
export function inOrder(targets: readonly Target[]): Target[] {
  return targets
    .map((target): [string, Target] => [targetKey(target), target])
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([, target]) => target);
}

/** All that a list has to be asked for, in the order of the parents' list. */
export async function targetsOf(
  parents: Parents | undefined,
  context: ListContext,
): Promise<readonly Target[]> {
  if (parents === undefined) return NO_PARENT;
  if ("values" in parents) return parents.values.map((parameters) => ({ parameters, parent: {} }));
  const targets: Target[] = [];
  const toTarget = ({ parameters }: Target, element: JsonElement): Target => {
    const row = JSON.parse(element.buffer.toString("utf8", element.start, element.end)) as Row;
    return { parameters: { ...parameters, ...parents.parameters(row) }, parent: row };
  };
  const seen = new FewSeenRows();
  const gone: Target[] = [];
  for (const outer of await targetsOf(parents.parents, context)) {
    const reading = new ListReading({
      ...{ dixa: context.dixa, list: parents.list, target: outer, shape: {}, seen, report: context.report },
      keyOf: (row) => targetKey(toTarget(outer, row)),
      put: (row) => targets.push(toTarget(outer, row)),
      drained: () => undefined,
    });
    await unlessGone(outer, gone, parents.parents, () => reading.all(context.signal));
  }
  await proveGone(gone, parents.parents, context);
  return targets;
}

/** Does what is to be done for a target, and notes it instead if Dixa does not know it any more (404). */
export async function unlessGone(
  target: Target,
  gone: Target[],
  parents: Parents | undefined,
  read: () => Promise<void>,
): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (parents === undefined || !isHttpStatusError(error) || error.status !== NOT_FOUND) throw error;
    gone.push(target);
  }
}

/**
 * Makes sure that what Dixa did not know (404) is gone from its parents' list too. What is still listed there was
 * refused, and must not be taken for an empty list.
 */
export async function proveGone(
  gone: readonly Target[],
  parents: Parents | undefined,
  context: ListContext,
): Promise<void> {
  if (gone.length === 0) return;
  const listed = new Set((await targetsOf(parents, context)).map(targetKey));
  const refused = gone.map(targetKey).filter((key) => listed.has(key));
  if (refused.length === 0) return;
  const what = `it answers ${NOT_FOUND} for ${refused.length} of the parents that it lists, the first is ${refused[0] ?? ""}`;
  throw refusal(context.stream, what, {});
}
