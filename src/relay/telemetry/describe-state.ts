import { type ParkReason, type PhaseName, phaseName } from "../coalescer/connection-state.ts";
import { dueAt } from "../coalescer/schedule.ts";
import { type Timings } from "../coalescer/timings.ts";
import { type Connection } from "../store/connection.ts";

/** A state in words: `syncing since`, an instant, and what else there is to say. */
export interface Description {
  readonly phase: PhaseName;
  readonly words: string;
  /** ms UTC; belongs behind the words. */
  readonly at: number | undefined;
  readonly detail: string | undefined;
}

const PARKED: Readonly<Record<ParkReason, string>> = {
  inactive: "connection is switched off in Airbyte",
  locked: "connection is locked in Airbyte (a payment, for example)",
  gone: "connection was deleted in Airbyte",
  unmapped: "its source no longer carries this credential",
  forbidden: "Airbyte does not let this application start its syncs",
  invalid: "Airbyte refuses the request for a sync as invalid",
  poison: "too many syncs in a row failed",
  held: "by hand",
};

/**
 * What a connection is doing, for people.
 *
 * @param pausedUntil until when nothing is asked of Airbyte, ms UTC; 0: there is no pause
 */
export function describeState(
  connection: Connection,
  timings: Timings,
  now: number,
  pausedUntil: number,
): Description {
  const { state, demand } = connection;
  const phase = phaseName(state, demand);
  const said = (words: string, at?: number, detail?: string): Description => ({ phase, words, at, detail });
  switch (phase) {
    case "CLEAN":
      return state.lastSuccessAt === null
        ? said("up to date")
        : said("up to date, synced", state.lastSuccessAt);
    case "PENDING": {
      const due = dueAt(state, { now, timings, demand, jitter: 0 });
      if (pausedUntil > Math.max(now, Number.isFinite(due) ? due : 0)) {
        return said("waits until", pausedUntil, "Airbyte asks for fewer requests");
      }
      return due <= now || !Number.isFinite(due)
        ? said("due now")
        : said("waits until", due, reasonOfWait(connection, timings, due));
    }
    case "CLAIMED":
      return said("asking Airbyte since", state.claim?.since);
    case "TRACKING":
    case "BUSY":
    case "BACKOFF":
    case "PARKED":
      break;
  }
  switch (state.phase.name) {
    case "TRACKING": {
      const isWaiting = state.phase.status === "pending" || state.phase.status === "queued";
      const newer = demand.seq - state.phase.cover;
      return said(
        isWaiting ? "queued in Airbyte since" : "syncing since",
        state.phase.since,
        newer > 0 ? `${count(newer, "newer event")} will be synced after it` : undefined,
      );
    }
    case "BUSY":
      return said("waits until", state.phase.until, "another job of this connection is running in Airbyte");
    case "BACKOFF":
      return said("waits until", state.phase.until, state.lastError ?? undefined);
    case "PARKED":
      return said(`parked: ${PARKED[state.phase.reason]}`, undefined, detailOfParking(connection));
    case "IDLE":
      return said("due now");
  }
}

/** The description in one line, with the instant in ISO form. */
export function inOneLine({ words, at, detail }: Description): string {
  const instant = at === undefined ? "" : ` ${new Date(at).toISOString()}`;
  return `${words}${instant}${detail === undefined ? "" : ` (${detail})`}`;
}

/** `1 event`, `2 events` */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

function reasonOfWait({ state }: Connection, timings: Timings, due: number): string {
  const isInterval = state.lastTriggerAt !== null && due === state.lastTriggerAt + timings.minInterval;
  return isInterval
    ? "the shortest time between two syncs has not passed"
    : "so that events close together share one sync";
}

function detailOfParking({ state }: Connection): string | undefined {
  if (state.phase.name !== "PARKED" || state.phase.reason === "held") return undefined;
  return state.lastError ?? undefined;
}
