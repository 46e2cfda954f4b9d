import { type Logger, pino } from "pino";
import { z } from "zod";

import { logMessage } from "../../airbyte/protocol/construct.ts";
import { type AirbyteMessage } from "../../airbyte/protocol/messages.ts";

export type { Logger };

const LEVELS = { 10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL" } as const;

const lineSchema = z.object({
  level: z.literal([10, 20, 30, 40, 50, 60]),
  msg: z.string().default(""),
  err: z.looseObject({ stack: z.string().optional() }).optional(),
});

/**
 * A pino logger whose lines become LOG messages. It gets no file descriptor of its own: two writers on stdout tear
 * each other's lines.
 */
export function createLogger(emit: (message: AirbyteMessage) => void, level: "debug" | "info"): Logger {
  return pino(
    { base: null, timestamp: false, level },
    {
      write(line: string) {
        const { level: number, msg, err } = lineSchema.parse(JSON.parse(line));
        emit(logMessage(LEVELS[number], msg, err?.stack));
      },
    },
  );
}
