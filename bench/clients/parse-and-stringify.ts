import { once } from "node:events";

import fetch from "node-fetch";

/** What connectors usually do: the whole body as one value, then one line a record. */
const BATCH_CHARACTERS = 64 * 1024;

const response = await fetch(process.argv[2] ?? "");
const rows = (await response.json()) as unknown[];
let batch = "";
for (const data of rows) {
  batch += `${JSON.stringify({ type: "RECORD", record: { stream: "conversations", data, emitted_at: Date.now() } })}\n`;
  if (batch.length < BATCH_CHARACTERS) continue;
  if (!process.stdout.write(batch)) await once(process.stdout, "drain");
  batch = "";
}
process.stdout.write(batch);
