/** What the mapping needs of Airbyte. A listing may miss what moves between two of its pages. */
export interface AirbyteDirectory {
  listSources(workspaceIds: readonly string[], signal?: AbortSignal): AsyncIterable<DirectorySource>;
  listConnections(workspaceIds: readonly string[], signal?: AbortSignal): AsyncIterable<DirectoryConnection>;
  /** Undefined when Airbyte doesn't know the connection. */
  getConnection(connectionId: string, signal?: AbortSignal): Promise<DirectoryConnection | undefined>;
}

export interface DirectorySource {
  readonly sourceId: string;
  readonly name: string;
  /** Secrets in it are masked. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

export interface DirectoryConnection {
  readonly connectionId: string;
  readonly name: string;
  readonly sourceId: string;
  readonly workspaceId: string;
  readonly status: string;
  readonly tags?: readonly { readonly tagId: string; readonly name: string }[] | null | undefined;
}
