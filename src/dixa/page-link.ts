import { z } from "zod";

import { BodyError } from "../http/errors.ts";

const meta = z.looseObject({ next: z.string().nullish() });
/** Names by which an API may say that there is more; what Dixa calls it is `meta.next`. */
const MORE = /next|more|cursor/i;
const NOTHING: ReadonlySet<unknown> = new Set([undefined, null, false, "", 0]);

/**
 * The key of the next page; undefined on the last one. `meta.next` is a relative link that repeats none of our parameters
 * reliably, so only its `pageKey` is taken (as Stitch's connector does in production).
 *
 * @param envelope the answer's members
 * @throws BodyError if there is a link that has no key, or no link although something else says that there is more: a
 *   member of another name must not end all lists with their first page
 */
export function nextPageKey(envelope: Readonly<Record<string, unknown>>): string | undefined {
  const parsed = meta.nullish().safeParse(envelope["meta"]);
  const next = parsed.data?.next;
  if (!parsed.success) throw new BodyError("malformed", "the page's meta.next is not a link");
  if (next === undefined || next === null || next === "") {
    const hint = hintOfMore(envelope);
    if (hint === undefined) return undefined;
    throw new BodyError("malformed", `the page has no meta.next, but says "${hint}"`);
  }
  const key = URL.parse(next, "https://page.invalid")?.searchParams.get("pageKey") ?? "";
  if (key === "") throw new BodyError("malformed", "the link to the next page has no pageKey");
  return key;
}

/** Name of a member, of the envelope's own or of one within those beside the rows, that speaks of more. */
function hintOfMore(envelope: Readonly<Record<string, unknown>>): string | undefined {
  const around = Object.entries(envelope).filter(([name]) => name !== "data");
  const within = around.flatMap(([, value]) => Object.entries(z.looseObject({}).safeParse(value).data ?? {}));
  return [...around, ...within].find(([name, value]) => MORE.test(name) && !NOTHING.has(value))?.[0];
}
