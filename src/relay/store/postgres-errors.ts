import { messageOf } from "./error-message.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";

/** SQLSTATE of a lock that was waited for in vain. */
export const LOCK_NOT_AVAILABLE = "55P03";

/** SQLSTATE, or the code of a system call. By the error's form: jest runs each file in its own realm. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** Serialization failure, deadlock, lock not available, frozen for too long: certainly not committed. */
export function isRolledBack(error: unknown): boolean {
  return ["40001", "40P01", LOCK_NOT_AVAILABLE, "25P03"].includes(codeOf(error));
}

/** Whether trying again may help within seconds. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (isRolledBack(error) || code.startsWith("08") || code.startsWith("57P") || code === "53300") return true;
  if (
    ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"].includes(code)
  ) {
    return true;
  }
  // pg's own errors have no code: "Connection terminated unexpectedly", "timeout exceeded when trying to connect".
  return code === "" && /connection|timeout/i.test(messageOf(error));
}

/** The disk is full, the server runs out of something, is read-only, was told to stop the query, or has an I/O error. */
export function isUnwritable(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith("53") || code.startsWith("58") || code === "25006" || code === "57014";
}

/** The same as an error of the store. */
export function unavailable(error: unknown): StoreUnavailableError {
  return new StoreUnavailableError(`PostgreSQL: ${messageOf(error)}`, { cause: error });
}
