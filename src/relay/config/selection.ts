/** Which connections carry a credential. */
export type Selection =
  /** Those whose source names it in `credential_id`, whatever definition the source is of. */
  | { readonly by: "credential_id" }
  /** Those with this tag, by name or id. */
  | { readonly by: "tag"; readonly tag: string }
  | { readonly by: "list"; readonly connectionIds: readonly string[] };
