/**
 * What must never happen:
 *
 * - `overlap`: two jobs of one connection ran at the same time
 * - `cancel`: a client asked to cancel a job
 * - `concurrent-start`: a client asked for a sync while its last request for one of the same connection was unanswered
 */
export interface Violation {
  kind: "overlap" | "cancel" | "concurrent-start";
  /** ms UTC */
  at: number;
  connectionId: string;
  jobIds: number[];
}
