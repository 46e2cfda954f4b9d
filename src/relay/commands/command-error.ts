/** A command can't do what it was asked for. The message is for the person who gave it, and says what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

// By name and not by `instanceof`: jest runs each test file in a realm of its own.
export function isCommandError(error: unknown): error is CommandError {
  return error instanceof Error && error.name === "CommandError";
}
