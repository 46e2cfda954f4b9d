import { type Dixa } from "../../dixa/dixa.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { type ReadingReport } from "./reading-report.ts";

/** A status that may say that a conversation is gone, or that the account lacks what was asked for. */
export const NOT_FOUND = 404;

/** Path of a conversation in the Dixa API. */
export function conversationPath(id: string | number): string {
  return `/v1/conversations/${encodeURIComponent(id)}`;
}

/**
 * Whether Dixa has a conversation, of which something else was answered with 404.
 *
 * @throws HttpError
 */
export async function hasConversation(
  dixa: Dixa,
  id: string | number,
  report: ReadingReport,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await dixa.api.readAnswer(
      conversationPath(id),
      {},
      {
        signal,
        onRequest: () => {
          report.requested();
        },
        onWait: (wait) => {
          report.waiting(wait);
        },
      },
      () => undefined,
    );
    return true;
  } catch (error) {
    if (isHttpStatusError(error) && error.status === NOT_FOUND) return false;
    throw error;
  }
}
