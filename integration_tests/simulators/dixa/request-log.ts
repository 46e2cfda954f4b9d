import { type Fault } from "./faults.ts";
import { type HostName } from "./host-name.ts";

/** One request, as it was answered. */
export interface RequestLog {
  host: HostName;
  method: string;
  path: string;
  query: Record<string, string>;
  /** 0 until it is answered, and when the connection was closed instead. */
  status: number;
  fault: Fault | undefined;
  /** Bytes of the body before compression. */
  bytes: number;
  /** From the request's arrival to the end of its answer, ms. */
  durationMs: number;
}
