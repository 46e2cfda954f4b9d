/** Retrying later may help. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  readonly code = "ERR_STORE_UNAVAILABLE";
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isStoreUnavailable(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "name" in error && error.name === "StoreUnavailableError"
  );
}
