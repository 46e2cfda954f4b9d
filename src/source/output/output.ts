import { type AirbyteMessage } from "../../airbyte/protocol/messages.ts";
import { type SecretFilter } from "../../logging/secret-filter.ts";
import { type StdoutWriter } from "./stdout-writer.ts";

/** Fields that hold free text, in which a secret could slip out. */
const FREE_TEXT = new Set(["message", "internal_message", "stack_trace", "value"]);

/** Puts messages other than records out, with secrets hidden. */
export class Output {
  readonly writer: StdoutWriter;
  readonly #secrets: SecretFilter;

  constructor(writer: StdoutWriter, secrets: SecretFilter) {
    this.writer = writer;
    this.#secrets = secrets;
  }

  emit(message: AirbyteMessage): void {
    this.writer.line(
      JSON.stringify(message, (key, value: unknown) =>
        typeof value === "string" && FREE_TEXT.has(key) ? this.#secrets.apply(value) : value,
      ),
    );
  }
}
