import { type Connection } from "../store/connection.ts";

/** Where Airbyte's web application shows a connection. */
export function connectionUrl(appUrl: string | undefined, connection: Connection): string | null {
  if (appUrl === undefined || connection.workspaceId === "") return null;
  const { workspaceId, connectionId } = connection;
  return `${appUrl}/workspaces/${encodeURIComponent(workspaceId)}/connections/${encodeURIComponent(connectionId)}`;
}

export function jobUrl(appUrl: string | undefined, connection: Connection, jobId: number): string | null {
  const url = connectionUrl(appUrl, connection);
  return url === null ? null : `${url}/timeline?jobId=${jobId}&openLogs=true`;
}
