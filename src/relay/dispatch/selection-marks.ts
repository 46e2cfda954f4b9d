import { type Selection } from "../config/selection.ts";
import { type DirectoryConnection, type DirectorySource } from "./airbyte-directory.ts";

export interface MappedCredential {
  readonly id: string;
  readonly selection: Selection;
}

/** What a credential can select a connection by. */
export function marksOf(connection: DirectoryConnection, source: DirectorySource | undefined): string[] {
  const named = source?.configuration["credential_id"];
  return [
    `list ${connection.connectionId}`,
    ...(typeof named === "string" ? [`credential ${named.trim().toLowerCase()}`] : []),
    ...(connection.tags ?? []).flatMap(({ name, tagId }) => [`tag ${name}`, `tag ${tagId}`]),
  ];
}

/** What a credential selects its connections by. */
export function marksOfSelection({ id, selection }: MappedCredential): string[] {
  switch (selection.by) {
    case "credential_id":
      return [`credential ${id.toLowerCase()}`];
    case "tag":
      return [`tag ${selection.tag}`];
    case "list":
      return selection.connectionIds.map((connectionId) => `list ${connectionId}`);
  }
}
