import { type CurrentConfig } from "../accounts/current-config.ts";
import { type MappingRequest } from "../dispatch/mapping.ts";

/** What the mapping is to find. */
export function mappingRequest({ value, removed }: CurrentConfig): MappingRequest {
  return {
    credentials: value.credentials.map(({ id, connections }) => ({ id, selection: connections })),
    removed,
    workspaceIds: value.airbyte.workspaces,
    onDiscover: value.onDiscover,
  };
}
