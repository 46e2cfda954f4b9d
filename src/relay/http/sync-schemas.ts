import { z } from "zod";

import { connectionSchema } from "./schemas.ts";

const number = z.int().min(0);

export const syncSchema = z
  .object({
    seq: number.describe("Number of this request; a connection is done when its synced_seq has reached it."),
    outcome: z.enum(["succeeded", "pending", "failed"]),
    reasons: z
      .array(z.object({ connection_id: z.string().nullable(), reason: z.string() }))
      .describe("Why a connection can't be synced; 100 at most."),
    total: number.describe("For how many connections; those that are gone don't count."),
    synced: number.describe("How many of them have been synced since."),
    connections: z
      .array(connectionSchema)
      .describe("Of the others, those that can't be synced first; 100 at most."),
  })
  .describe("What has become of a request for a sync.");

export type SyncView = z.infer<typeof syncSchema>;
