import { type SyncJob } from "./airbyte.ts";

/** Words for a job's status. The list is open: Airbyte has added to it. */

const UNREAD: ReadonlySet<string> = new Set(["pending", "queued"]);
const READING: ReadonlySet<string> = new Set(["running", "incomplete"]);
const ENDED: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled"]);

/** Whether the job has not begun to read, so that it will see all that has happened until now. */
export function isUnread({ status }: SyncJob): boolean {
  return UNREAD.has(status);
}

export function hasSucceeded({ status }: SyncJob): boolean {
  return status === "succeeded";
}

/** A word that is yet unknown doesn't count as an end: to wait is safe. */
export function hasEnded({ status }: SyncJob): boolean {
  return ENDED.has(status);
}

export function isKnown({ status }: SyncJob): boolean {
  return UNREAD.has(status) || READING.has(status) || ENDED.has(status);
}
