/** Which connections carry a credential. */
export type Selection =
  /** Those whose source names it in `credential_id`, whatever definition the source is of. */
  | { readonly by: "credential_id" }
  /** Those with this tag, by name or id. */
  | { readonly by: "tag"; readonly tag: string }
  | { readonly by: "list"; readonly connectionIds: readonly string[] };

/** @param connections as it is written in the configuration: `auto`, `tag:<name>`, or ids */
export function selectionOf(connections: string | readonly string[]): Selection {
  if (typeof connections !== "string") return { by: "list", connectionIds: connections };
  return connections === "auto"
    ? { by: "credential_id" }
    : { by: "tag", tag: connections.slice("tag:".length) };
}
