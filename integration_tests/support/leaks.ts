import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";

/** A shorter word may stand in another one by chance, so that only a text that is this word counts. */
const SHORTEST_PART = 8;

/** The values that stand anywhere in the messages, logs included. */
export function leaksIn(messages: readonly AirbyteMessage[], values: readonly string[]): string[] {
  const text = JSON.stringify(messages);
  return [...new Set(values)].filter((value) => {
    const json = JSON.stringify(value);
    return text.includes(value.length < SHORTEST_PART ? json : json.slice(1, -1));
  });
}
