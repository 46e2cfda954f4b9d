import { toConnectionSpecification } from "../../airbyte/protocol/json-schema.ts";
import { type AirbyteMessage } from "../../airbyte/protocol/messages.ts";
import { configSchema } from "../../dixa/config.ts";

/** What `spec` prints: the form that a person fills in. */
export function specMessage(): AirbyteMessage {
  return {
    type: "SPEC",
    spec: {
      // This project has no public address of its own; Dixa's page tells how to come by what the form wants first.
      documentationUrl: "https://docs.dixa.io/docs/tutorial-create-an-api-token",
      protocol_version: "0.18.0",
      connectionSpecification: toConnectionSpecification(configSchema),
    },
  };
}
