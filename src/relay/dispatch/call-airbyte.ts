import { type Clock } from "../../http/clock.ts";
import { type AirbyteJobs, isAirbyteFailure } from "../coalescer/airbyte.ts";
import { type Call } from "../coalescer/connection-state.ts";
import { type Answer, type Reading } from "../coalescer/inputs.ts";
import { messageOf } from "../store/error-message.ts";

interface CallOptions {
  signal: AbortSignal;
  clock: Pick<Clock, "now">;
  /** Told of errors that nobody expects. */
  onError: ((error: unknown) => void) | undefined;
}

/** Sends one request to Airbyte, and makes an answer of whatever comes of it. Never throws. */
export async function callAirbyte(
  airbyte: AirbyteJobs,
  connectionId: string,
  call: Call,
  fence: number,
  options: CallOptions,
): Promise<Answer> {
  const { signal } = options;
  switch (call.name) {
    case "look":
      return {
        type: "looked",
        fence,
        reading: await read(() => airbyte.latestSyncJob(connectionId, signal), options),
      };
    case "follow":
      return {
        type: "followed",
        fence,
        reading: await read(() => airbyte.getJob(call.jobId, signal), options),
      };
    case "inspect":
      return {
        type: "inspected",
        fence,
        reading: await read(() => airbyte.getConnection(connectionId, signal), options),
      };
    case "start":
      try {
        const reply = await airbyte.startSync(connectionId, signal);
        const outcome = reply.kind === "throttled" ? throttled(reply.untilMs, options) : reply;
        return { type: "started", fence, outcome };
      } catch (error) {
        return { type: "started", fence, outcome: unknown(error, options) };
      }
  }
}

async function read<T>(request: () => Promise<T | undefined>, options: CallOptions): Promise<Reading<T>> {
  try {
    return { kind: "found", value: await request() };
  } catch (error) {
    if (!isAirbyteFailure(error)) return unknown(error, options);
    const { kind, message: detail } = error;
    switch (kind) {
      case "throttled":
        return throttled(error.untilMs, options);
      case "unauthorized":
      case "forbidden":
        return { kind, detail };
      case "not_found":
        return { kind: "found", value: undefined };
      case "unavailable":
      case "invalid":
        return { kind: "unknown", detail };
    }
  }
}

/** The replicas' clocks may differ, and how long to wait does not depend on them. */
function throttled(
  untilMs: number | undefined,
  { clock }: CallOptions,
): { kind: "throttled"; waitMs: number } {
  return { kind: "throttled", waitMs: Math.max(0, (untilMs ?? 0) - clock.now()) };
}

function unknown(error: unknown, { signal, onError }: CallOptions): { kind: "unknown"; detail: string } {
  if (signal.aborted) return { kind: "unknown", detail: `Airbyte had not answered when ${reasonOf(signal)}` };
  onError?.(error);
  // The message of an error that nobody expects may hold anything, and this is shown.
  return { kind: "unknown", detail: "an unexpected error in the relay; its log has it" };
}

/** Why a request was given up: the words with which the dispatcher aborts it. */
function reasonOf(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return messageOf(reason);
}
