import { type Logger, pino, stdTimeFunctions } from "pino";

import { type SecretFilter } from "../../logging/secret-filter.ts";

export type { Logger };

/**
 * The relay's log: one JSON object a line. Secrets are masked in the finished line by their value, so it doesn't
 * matter in which field, message or stack they turn up.
 */
export function createRelayLogger(options: {
  secrets: SecretFilter;
  level: string;
  write?: (line: string) => void;
}): Logger {
  const { secrets, level, write = (line: string) => void process.stdout.write(line) } = options;
  return pino(
    {
      base: null,
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        write(secrets.apply(line));
      },
    },
  );
}
