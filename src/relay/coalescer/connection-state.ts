/**
 * What the relay remembers of one connection. Only the coalescer changes it; the stores keep it. Times are ms UTC.
 *
 * Events of a credential are numbered 1, 2, 3 … as they are accepted. `syncedSeq` is the watermark: a sync that began
 * to read after event `syncedSeq` was accepted has succeeded. The connection is dirty while the credential's newest
 * number is above it, so an event needs no write per connection, and one that is discovered later is dirty at once.
 */
export interface ConnectionState {
  readonly syncedSeq: number;
  /** Grows with every claim; an answer that comes back with an older one is ignored. */
  readonly fence: number;
  readonly phase: Phase;
  /** The request to Airbyte that a replica is at, if one is. */
  readonly claim: Claim | null;
  readonly witness: Witness | null;
  /** Requests without a usable answer in a row. */
  readonly errors: number;
  /** Syncs in a row that failed or were cancelled. */
  readonly failedJobs: number;
  /** The newest event which a sync that failed or was cancelled would have covered. */
  readonly failedSeq: number;
  /** The newest request by hand for which a wait has been ended: each ends one. */
  readonly urgedSeq: number;
  /** Whether Airbyte's notification came while its job was being looked at: what was seen then may be older. */
  readonly isHinted: boolean;
  /** When Airbyte first denied that the connection exists, unless it has confirmed it since. */
  readonly missingSince: number | null;
  readonly lastTriggerAt: number | null;
  readonly lastSuccessAt: number | null;
  /** The last thing that went wrong, in plain words; null after a success. */
  readonly lastError: string | null;
}

export type Phase = Idle | Busy | Backoff | Tracking | Parked;

/** Clean, or waiting for its time: the demand says which. */
export interface Idle {
  readonly name: "IDLE";
}

/** Somebody else's job runs. */
export interface Busy {
  readonly name: "BUSY";
  readonly since: number;
  /** When to look again. */
  readonly until: number;
}

export interface Backoff {
  readonly name: "BACKOFF";
  readonly since: number;
  readonly until: number;
}

/** A sync that covers events up to `cover` if it succeeds. */
export interface Tracking {
  readonly name: "TRACKING";
  readonly jobId: number;
  readonly cover: number;
  /** Airbyte's word for how the job is doing. */
  readonly status: string;
  readonly since: number;
  /** When to look again. */
  readonly until: number;
}

/** Nothing is forgotten and nothing is asked for until the reason is gone. */
export interface Parked {
  readonly name: "PARKED";
  readonly reason: ParkReason;
  readonly since: number;
  /** When to look again; null: never by itself. */
  readonly until: number | null;
}

/**
 * - `inactive`, `locked`: switched off in Airbyte, by its user or for outside reasons such as payment
 * - `gone`: deleted in Airbyte
 * - `unmapped`: its source no longer carries the credential
 * - `forbidden`, `invalid`: Airbyte refuses the request
 * - `poison`: too many syncs in a row failed
 * - `held`: by hand
 */
export type ParkReason =
  "inactive" | "locked" | "gone" | "unmapped" | "forbidden" | "invalid" | "poison" | "held";

/** A request to Airbyte. */
export type Call =
  /** Read the newest sync job. */
  | { readonly name: "look" }
  /** Start a sync. */
  | { readonly name: "start" }
  /** Read a job. */
  | { readonly name: "follow"; readonly jobId: number }
  /** Read the connection. */
  | { readonly name: "inspect" };

export interface Claim {
  readonly owner: string;
  readonly since: number;
  /** When another replica may take over. */
  readonly until: number;
  /** The newest settled event at the time of the claim. */
  readonly cover: number;
  readonly call: Call;
}

/**
 * Every sync job of the connection with a number above `jobId` began to read after event `cover` was accepted: either
 * it did not exist yet when the newest job was looked up, or it had to wait for `jobId` to end. Job numbers ascend, and
 * Airbyte runs one job of a connection at a time. So jobs are matched with events without comparing two clocks.
 */
export interface Witness {
  readonly jobId: number;
  readonly cover: number;
  /** Whether a start was sent since; a newer job that failed is then taken for the relay's own. */
  readonly posted: boolean;
}

/** What a credential asks of one of its connections. */
export interface Demand {
  /** The newest event. */
  readonly seq: number;
  /** The newest event that is older than the settle delay. */
  readonly settledSeq: number;
  /** The newest sync that was asked for by hand. */
  readonly urgentSeq: number;
  /** When the first event above the watermark was accepted; null when there is none, or it is too old to be kept. */
  readonly firstAt: number | null;
  /** When the newest event was accepted. */
  readonly lastAt: number | null;
}

export type PhaseName = "CLEAN" | "PENDING" | "CLAIMED" | "TRACKING" | "BUSY" | "BACKOFF" | "PARKED";

/** A fresh state whose watermark is `syncedSeq`. */
export function newConnectionState(syncedSeq: number): ConnectionState {
  return {
    syncedSeq,
    fence: 0,
    phase: { name: "IDLE" },
    claim: null,
    witness: null,
    errors: 0,
    failedJobs: 0,
    failedSeq: 0,
    urgedSeq: 0,
    isHinted: false,
    missingSince: null,
    lastTriggerAt: null,
    lastSuccessAt: null,
    lastError: null,
  };
}

/** Whether Airbyte has the connection no more, or its source names another credential: nobody waits for its syncs. */
export function isLost({ phase }: Pick<ConnectionState, "phase">): boolean {
  return phase.name === "PARKED" && (phase.reason === "gone" || phase.reason === "unmapped");
}

/** The state in one word. A claim shows only while a sync is being started: looks at a job change nothing. */
export function phaseName(state: ConnectionState, demand: Pick<Demand, "seq">): PhaseName {
  if (state.phase.name === "TRACKING" || state.phase.name === "PARKED") return state.phase.name;
  if (state.claim !== null) return "CLAIMED";
  if (state.phase.name !== "IDLE") return state.phase.name;
  return demand.seq > state.syncedSeq ? "PENDING" : "CLEAN";
}
