import { toStreamSchema } from "../../airbyte/protocol/json-schema.ts";
import { type AirbyteMessage } from "../../airbyte/protocol/messages.ts";
import { CONVERSATION_UPDATED_AT } from "../../dixa/streams/followed.ts";
import { streams } from "../../dixa/streams/index.ts";
import { type DixaStream } from "../../dixa/streams/stream.ts";

/** What `discover` prints. The streams are the same for every account, so nothing is asked. */
export function catalogMessage(): AirbyteMessage {
  return {
    type: "CATALOG",
    catalog: {
      streams: streams.map((stream) => ({
        name: stream.name,
        // The protocol has no place for a stream's description; its schema's root is where clients look for one.
        json_schema: { ...toStreamSchema(stream.schema), description: stream.description },
        ...syncModes(stream),
        source_defined_primary_key: stream.primaryKey.map((field) => [field]),
        is_resumable: true,
      })),
    },
  };
}

/** A list knows no cursor, but what can be resumed must say that its (synthetic) one is not the user's to choose. */
function syncModes(stream: DixaStream) {
  if (stream.kind === "listed") {
    return { supported_sync_modes: ["full_refresh" as const], source_defined_cursor: true };
  }
  return {
    supported_sync_modes: ["full_refresh" as const, "incremental" as const],
    source_defined_cursor: true,
    default_cursor_field: [stream.kind === "windowed" ? stream.cursorField : CONVERSATION_UPDATED_AT],
  };
}
