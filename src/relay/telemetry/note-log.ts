import { type Note } from "../coalescer/inputs.ts";
import { type Connection } from "../store/connection.ts";
import { type Logger } from "./log.ts";

const LEVELS: Readonly<Record<Note["kind"], "debug" | "info" | "warn">> = {
  triggered: "info",
  adopted: "info",
  covered: "info",
  busy: "debug",
  succeeded: "info",
  failed: "warn",
  cancelled: "warn",
  error: "warn",
  throttled: "warn",
  unauthorized: "warn",
  parked: "warn",
  unparked: "info",
  retried: "info",
};

/** Tells what has happened to a connection, as loudly as it deserves. */
export function logNote(logger: Logger, { connectionId, name }: Connection, note: Note): void {
  const { kind, jobId, detail } = note;
  const fields = { connection: connectionId, ...(jobId === undefined ? {} : { job: jobId }) };
  const message = `${name === "" ? connectionId : name}: ${kind}${detail === undefined ? "" : ` (${detail})`}`;
  logger[LEVELS[kind]](fields, message);
}
