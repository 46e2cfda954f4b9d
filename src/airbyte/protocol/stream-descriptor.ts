import { z } from "zod";

/** Names a stream; a namespace is only there if the configured catalog has one. */
export const streamDescriptorSchema = z.looseObject({ name: z.string(), namespace: z.string().optional() });

export type StreamDescriptor = z.infer<typeof streamDescriptorSchema>;

/** One text for each stream; a namespace that is empty or null is none. */
export function streamKey({
  name,
  namespace,
}: {
  name: string;
  namespace?: string | null | undefined;
}): string {
  return JSON.stringify([namespace ?? "", name]);
}
