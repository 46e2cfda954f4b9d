import { createInterface } from "node:readline";

const SPEC = {
  type: "SPEC",
  spec: {
    connectionSpecification: { type: "object", properties: {}, additionalProperties: true },
    supported_destination_sync_modes: ["append", "overwrite", "append_dedup"],
  },
};
const STATUS = { type: "CONNECTION_STATUS", connectionStatus: { status: "SUCCEEDED" } };

const say = (message: unknown) => process.stdout.write(JSON.stringify(message) + "\n");
switch (process.argv[2]) {
  case "spec":
    say(SPEC);
    break;
  case "check":
    say(STATUS);
    break;
  default:
    for await (const line of createInterface({ input: process.stdin })) {
      // A destination says which states are safe; this one has lost everything before it safely.
      if (line.startsWith('{"type":"STATE"')) process.stdout.write(line + "\n");
    }
}
