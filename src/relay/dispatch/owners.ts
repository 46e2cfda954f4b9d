import { type DirectoryConnection, type DirectorySource } from "./airbyte-directory.ts";
import { type MappedCredential, marksOf, marksOfSelection } from "./selection-marks.ts";

/** Credentials by connection. One pass over the connections, however many credentials there are. */
export function ownersOf(
  listed: ReadonlyMap<string, DirectoryConnection>,
  sources: ReadonlyMap<string, DirectorySource>,
  credentials: readonly MappedCredential[],
): Map<string, string[]> {
  const byMark = new Map<string, string[]>();
  for (const credential of credentials) {
    for (const mark of marksOfSelection(credential)) {
      byMark.set(mark, [...(byMark.get(mark) ?? []), credential.id]);
    }
  }
  const rank = new Map(credentials.map(({ id }, index) => [id, index]));
  const owners = new Map<string, string[]>();
  for (const connection of listed.values()) {
    const marks = marksOf(connection, sources.get(connection.sourceId));
    const ids = new Set(marks.flatMap((mark) => byMark.get(mark) ?? []));
    if (ids.size === 0) continue;
    const inOrder = [...ids].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
    owners.set(connection.connectionId, inOrder);
  }
  return owners;
}
