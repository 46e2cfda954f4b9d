import { type z } from "zod";

import { describeIssues } from "../protocol/issues.ts";
import { AirbyteApiError } from "./errors.ts";

/** @throws AirbyteApiError that names the request, and what of its answer is otherwise than promised */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, name: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new AirbyteApiError(
    "invalid",
    `${name} answered what Airbyte's API does not promise: ${describeIssues(parsed.error, answer)}`,
  );
}
