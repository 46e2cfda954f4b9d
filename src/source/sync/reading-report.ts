import { type Wait } from "../../http/request.ts";

/**
 * What the reader of a stream, of whatever kind, tells of its work while it is at it. The stream's run makes statuses,
 * counts and log lines of it; a reader knows none of those.
 */
export interface ReadingReport {
  /** A request is about to leave. */
  requested(): void;
  /** A request has to wait: for a budget, a rate limit, or a host that is down. */
  waiting(wait: Wait): void;
  /** Something that a person should know, in plain words and without the stream's name. */
  warned(message: string): void;
}
