import { type ConnectionStatus, type StartOutcome, type SyncJob } from "./airbyte.ts";
import { type Call, type ParkReason } from "./connection-state.ts";

/** What a request that reads came back with. A value of undefined: Airbyte doesn't know it. */
export type Reading<T> =
  | { readonly kind: "found"; readonly value: T | undefined }
  | { readonly kind: "throttled"; readonly waitMs: number }
  | { readonly kind: "forbidden" | "unauthorized" | "unknown"; readonly detail: string };

/** The answer to a {@link Call}, with the fence of the claim under which it was asked. */
export type Answer =
  | { readonly type: "looked"; readonly fence: number; readonly reading: Reading<SyncJob> }
  | { readonly type: "started"; readonly fence: number; readonly outcome: StartOutcome }
  | { readonly type: "followed"; readonly fence: number; readonly reading: Reading<SyncJob> }
  | { readonly type: "inspected"; readonly fence: number; readonly reading: Reading<ConnectionStatus> };

export type Input =
  /** A replica asks whether there is something to do now. */
  | { readonly type: "take"; readonly owner: string }
  | Answer
  /** The holder of the claim is still at it, and about to send its request. */
  | { readonly type: "renew"; readonly fence: number }
  /** The holder of the claim gives it back without having sent its request. */
  | { readonly type: "release"; readonly fence: number }
  /** The mapping has seen the connection in Airbyte. */
  | { readonly type: "seen"; readonly status: string }
  /** The mapping is sure that the connection is gone, or doesn't carry the credential any more. */
  | { readonly type: "lost"; readonly reason: Extract<ParkReason, "gone" | "unmapped"> }
  /** Airbyte's notification: a job of the connection has ended. */
  | { readonly type: "hint" }
  | { readonly type: "park" }
  | { readonly type: "unpark" }
  /** Forget back-offs and failures, and do what there is to do now. */
  | { readonly type: "retry" };

/** What is to be done after the state has been kept. */
export type Effect =
  /** Nobody else asks before `until` (ms UTC, the store's clock), which is `lease` ms away. */
  | {
      readonly type: "call";
      readonly call: Call;
      readonly fence: number;
      readonly until: number;
      readonly lease: number;
    }
  /** Ask Airbyte nothing until then (ms UTC), from any replica. */
  | { readonly type: "pause"; readonly until: number }
  | { readonly type: "note"; readonly note: Note };

/** Something that an operator wants to know. */
export interface Note {
  readonly kind:
    | "triggered"
    | "adopted"
    | "covered"
    | "busy"
    | "succeeded"
    | "failed"
    | "cancelled"
    | "error"
    | "throttled"
    | "unauthorized"
    | "parked"
    | "unparked"
    | "retried";
  readonly jobId?: number | undefined;
  /** In plain words, without secrets. */
  readonly detail?: string | undefined;
  /** From the acceptance of the oldest event that is now covered to now, ms. */
  readonly lagMs?: number | undefined;
}
