import { type ConnectionState, type ParkReason } from "./connection-state.ts";
import { type Effect, type Note } from "./inputs.ts";

export interface Transition {
  readonly state: ConnectionState;
  readonly effects: readonly Effect[];
}

export function unchanged(state: ConnectionState): Transition {
  return { state, effects: [] };
}

/** The end of a claim: the state changes, and nothing is asked of Airbyte any more. */
export function settled(
  state: ConnectionState,
  changes: Partial<ConnectionState>,
  ...notes: Note[]
): Transition {
  return { state: { ...state, claim: null, isHinted: false, ...changes }, effects: notes.map(noted) };
}

export function noted(note: Note): Effect {
  return { type: "note", note };
}

/** Why a connection with this status may not run; undefined: it may, as far as is known. */
export function parked(status: string): Extract<ParkReason, "inactive" | "locked" | "gone"> | undefined {
  if (status === "inactive" || status === "locked") return status;
  return status === "deprecated" ? "gone" : undefined;
}
