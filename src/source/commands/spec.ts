import { toConnectionSpecification } from "../../airbyte/protocol/json-schema.ts";
import { type AirbyteMessage } from "../../airbyte/protocol/messages.ts";
import { configSchema } from "../../dixa/config.ts";

/** What `spec` prints: the form that a person fills in. */
export function specMessage(): AirbyteMessage {
  return {
    type: "SPEC",
    spec: {
      documentationUrl: "https://docs.airbyte.com/integrations/sources/dixa",
      protocol_version: "0.18.0",
      connectionSpecification: toConnectionSpecification(configSchema),
    },
  };
}
