/** The configuration can't be used. The message is for the person who wrote it: every fault with its key and remedy. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "ERR_CONFIG";
  /** What the configuration was read from, or should have been. */
  files: readonly string[] = [];

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(
      faults.length === 1
        ? `The configuration can't be used: ${faults[0] ?? ""}`
        : `The configuration can't be used:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`,
      options,
    );
  }
}

// By name and not by `instanceof`: jest runs each test file in a realm of its own.
export function isConfigError(error: unknown): error is ConfigError {
  return error instanceof Error && error.name === "ConfigError";
}
