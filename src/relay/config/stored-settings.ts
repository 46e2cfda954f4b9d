import { z } from "zod";

import { interval } from "./scalars.ts";
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
  /** After which a sync is owed though nothing has come; a duration as text. Undefined: never. */
  readonly max_staleness?: string | undefined;
  /** Whether the relay may switch its webhook on in Dixa, for which it needs a token that it keeps. Default false. */
  readonly dixa_switch_on?: boolean | undefined;
}

/** The values that {@link StoredSettings} stand for. */
export const storedSettingsSchema = z.object({
  name: z.string(),
  connections,
  events,
  timings: timingsSchema,
  max_staleness: interval.optional(),
  dixa_switch_on: z.boolean().optional(),
});
