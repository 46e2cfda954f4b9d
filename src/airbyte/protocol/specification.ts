import { z } from "zod";

/** What `spec` prints: the form for the configuration, as a JSON schema. */
export const specificationSchema = z.looseObject({
  documentationUrl: z.string().optional(),
  changelogUrl: z.string().optional(),
  connectionSpecification: z.record(z.string(), z.unknown()),
  supported_destination_sync_modes: z.array(z.string()).optional(),
  protocol_version: z.string().optional(),
});
