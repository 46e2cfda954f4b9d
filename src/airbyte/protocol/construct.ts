import { type ConnectorError } from "./failure.ts";
import { type AirbyteMessage } from "./messages.ts";
import { type StreamDescriptor } from "./stream-descriptor.ts";

/** The platform cuts messages and stack traces at these lengths. */
const LONGEST_MESSAGE = 50_000;
const LONGEST_STACK = 100_000;

export type LogLevel = "FATAL" | "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE";
export type StreamStatus = "STARTED" | "RUNNING" | "COMPLETE" | "INCOMPLETE";

export function logMessage(level: LogLevel, message: string, stackTrace?: string): AirbyteMessage {
  return {
    type: "LOG",
    log: { level, message, ...(stackTrace === undefined ? {} : { stack_trace: stackTrace }) },
  };
}

export function connectionStatus(status: "SUCCEEDED" | "FAILED", message?: string): AirbyteMessage {
  return {
    type: "CONNECTION_STATUS",
    connectionStatus: { status, ...(message === undefined ? {} : { message }) },
  };
}

/** @param recordCount rows of this stream since its last STATE */
export function stateMessage(
  descriptor: StreamDescriptor,
  streamState: Record<string, unknown>,
  recordCount: number,
): AirbyteMessage {
  return {
    type: "STATE",
    state: {
      type: "STREAM",
      stream: { stream_descriptor: descriptor, stream_state: streamState },
      sourceStats: { recordCount },
    },
  };
}

/**
 * @param emittedAt ms UTC
 * @param quotaReset the API's rate limit holds the stream up until then, ms UTC
 */
export function streamStatus(
  descriptor: StreamDescriptor,
  status: StreamStatus,
  emittedAt: number,
  quotaReset?: number,
): AirbyteMessage {
  // The platform heeds the reason only if it is the only one.
  const reasons =
    quotaReset === undefined
      ? {}
      : { reasons: [{ type: "RATE_LIMITED" as const, rate_limited: { quota_reset: quotaReset } }] };
  return {
    type: "TRACE",
    trace: {
      type: "STREAM_STATUS",
      emitted_at: emittedAt,
      stream_status: { stream_descriptor: descriptor, status, ...reasons },
    },
  };
}

/** @param emittedAt ms UTC */
export function estimate(
  { name, namespace }: StreamDescriptor,
  rows: number,
  bytes: number,
  emittedAt: number,
): AirbyteMessage {
  return {
    type: "TRACE",
    trace: {
      type: "ESTIMATE",
      emitted_at: emittedAt,
      estimate: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        type: "STREAM",
        row_estimate: rows,
        byte_estimate: bytes,
      },
    },
  };
}

/**
 * @param emittedAt ms UTC
 * @param descriptor the stream that the error ended, if it was one stream's
 */
export function errorTrace(
  error: ConnectorError,
  emittedAt: number,
  descriptor?: StreamDescriptor,
): AirbyteMessage {
  const internal = error.internalMessage ?? (error.cause instanceof Error ? error.cause.message : undefined);
  // A stack tells something only where the program itself is at fault.
  const origin = error.cause instanceof Error ? error.cause : error;
  const stack = error.failureType === "system_error" ? origin.stack : undefined;
  return {
    type: "TRACE",
    trace: {
      type: "ERROR",
      emitted_at: emittedAt,
      error: {
        message: error.message.slice(0, LONGEST_MESSAGE),
        ...(internal === undefined ? {} : { internal_message: internal.slice(0, LONGEST_MESSAGE) }),
        ...(stack === undefined ? {} : { stack_trace: stack.slice(0, LONGEST_STACK) }),
        failure_type: error.failureType,
        ...(descriptor === undefined ? {} : { stream_descriptor: descriptor }),
      },
    },
  };
}
