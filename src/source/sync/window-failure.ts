import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { BodyError, isBodyError, isHttpStatusError } from "../../http/errors.ts";
import { describeWindow } from "../../logging/describe.ts";
import { type Slice } from "./slice-planner.ts";

const DAY_MS = 86_400_000;

/** Thrown inside a window's reading to end it early; the rows so far are out and remembered. */
export class WindowTooLarge extends Error {}

/**
 * The reason to ask for less at a time, in plain words; undefined if a smaller window would not help.
 *
 * @param hasReach whether the API may refuse windows for their age
 */
export function whyDivide(error: unknown, { lo, hi }: Slice, hasReach: boolean): string | undefined {
  if (error instanceof WindowTooLarge) return error.message;
  if (isBodyError(error)) {
    // What fits one page needs no key.
    if (error.reason === "paging") return error.message;
    const isLasting = error.reason === "malformed" || error.reason === "too_large";
    return isLasting ? undefined : `its answer broke off twice (${error.message})`;
  }
  if (!isHttpStatusError(error)) return undefined;
  if (error.status === 408 || error.status === 504) return `Dixa needs too long for it (${error.status})`;
  // The limits of 31 and 90 days are documented loosely; a refusal may mean that this window is over one. Where age is
  // limited, only the narrowest windows tell what is refused for its age.
  return error.status === 400 && (hasReach || hi - lo > DAY_MS)
    ? "Dixa refuses it as a whole (400)"
    : undefined;
}

export function isRefusal(error: unknown): boolean {
  return isHttpStatusError(error) && error.status === 400;
}

/** Whether asking again may help; the same damage at the same place twice is there to stay. */
export function mayPass(error: unknown, before: unknown): boolean {
  if (!isBodyError(error)) return isRefusal(error);
  if (error.reason === "too_large") return false;
  return error.reason !== "malformed" || messageOf(error) !== messageOf(before);
}

/** A body's error with the place at which the answer failed; any other as it is. */
export function located(error: unknown, { lo, hi }: Slice, seen: number): Error {
  if (!isBodyError(error)) return error instanceof Error ? error : new Error(String(error));
  const place = seen === 0 ? "" : `, behind row ${seen}`;
  const message = `${describeWindow(lo, hi)}${place}: ${error.message}`;
  return new BodyError(error.reason, message, { cause: error });
}

/** A refusal that its age does not explain, in plain words. */
export function refusedForNoReason(error: unknown, { lo, hi }: Slice): ConnectorError {
  return new ConnectorError(
    "transient_error",
    `Dixa refuses ${describeWindow(lo, hi)} again and again (400), and not because of its age: ` +
      "all that is older would be refused alike. Nothing of it is taken for read. " +
      "If it lasts, a later start_date leaves it out.",
    { cause: error },
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
