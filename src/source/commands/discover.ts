import { toStreamSchema } from "../../airbyte/protocol/json-schema.ts";
import { type AirbyteMessage } from "../../airbyte/protocol/messages.ts";
import { streams } from "../../dixa/streams/index.ts";

/** What `discover` prints. The streams are the same for every account, so nothing is asked. */
export function catalogMessage(): AirbyteMessage {
  return {
    type: "CATALOG",
    catalog: {
      streams: streams.map((stream) => ({
        name: stream.name,
        json_schema: toStreamSchema(stream.schema.describe(stream.description)),
        supported_sync_modes: ["full_refresh", "incremental"],
        source_defined_cursor: true,
        default_cursor_field: [stream.cursorField],
        source_defined_primary_key: [[stream.primaryKey]],
        is_resumable: true,
      })),
    },
  };
}
