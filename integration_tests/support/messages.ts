import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";

export type MessageOf<T extends AirbyteMessage["type"]> = Extract<AirbyteMessage, { type: T }>;

/** Key and cursor of the streams' rows. */
const PLACES: Readonly<Record<string, { key: string; cursor: string }>> = {
  conversations: { key: "id", cursor: "updated_at" },
  messages: { key: "id", cursor: "created_at" },
  activity_logs: { key: "id", cursor: "activityTimestamp" },
};

export function messagesOf<T extends AirbyteMessage["type"]>(
  messages: readonly AirbyteMessage[],
  type: T,
): MessageOf<T>[] {
  return messages.filter((message): message is MessageOf<T> => message.type === type);
}

/** `id@cursor` of each record of a stream, in the order in which they came; cursors in ms UTC. */
export function rowsOf(messages: readonly AirbyteMessage[], stream: string): string[] {
  const { key, cursor } = PLACES[stream]!;
  return messagesOf(messages, "RECORD")
    .filter(({ record }) => record.stream === stream)
    .map(({ record }) => {
      const at = record.data[cursor];
      return `${String(record.data[key])}@${typeof at === "string" ? Date.parse(at) : String(at)}`;
    });
}

/** The STATE messages of a stream. */
export function statesOf(messages: readonly AirbyteMessage[], stream: string): MessageOf<"STATE">["state"][] {
  return messagesOf(messages, "STATE")
    .map(({ state }) => state)
    .filter((state) => state.stream?.stream_descriptor.name === stream);
}

/** The last STATE of each stream, as a client hands them to the next sync. */
export function lastStates(messages: readonly AirbyteMessage[]): MessageOf<"STATE">["state"][] {
  const last = new Map<string, MessageOf<"STATE">["state"]>();
  for (const { state } of messagesOf(messages, "STATE")) {
    last.set(state.stream?.stream_descriptor.name ?? "", state);
  }
  return [...last.values()];
}

/** The statuses of a stream, with `RATE_LIMITED` behind those that say so. */
export function statusesOf(messages: readonly AirbyteMessage[], stream: string): string[] {
  return messagesOf(messages, "TRACE").flatMap(({ trace }) =>
    trace.type === "STREAM_STATUS" && trace.stream_status.stream_descriptor.name === stream
      ? [trace.stream_status.status + (trace.stream_status.reasons === undefined ? "" : " RATE_LIMITED")]
      : [],
  );
}

export function errorsOf(messages: readonly AirbyteMessage[]) {
  return messagesOf(messages, "TRACE").flatMap(({ trace }) => (trace.type === "ERROR" ? [trace.error] : []));
}
