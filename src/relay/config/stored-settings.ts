import { z } from "zod";

import { connections, events } from "./schema.ts";
import { timingsSchema } from "./timings.ts";

/** What a person has chosen for a credential that is made while the relay runs, as it is written in the configuration. */
export interface StoredSettings {
  readonly name: string;
  /** `auto`, `tag:<name>`, or ids of connections. */
  readonly connections: string | readonly string[];
  readonly events: readonly string[];
  /** Durations as text. */
  readonly timings: Readonly<Record<string, string | number>>;
}

/** The values that {@link StoredSettings} stand for. */
export const storedSettingsSchema = z.object({
  name: z.string(),
  connections,
  events,
  timings: timingsSchema,
});
