import { once } from "node:events";

import fetch from "node-fetch";

/** The floor of whoever puts rows out: takes the body and writes it to stdout. */
const response = await fetch(process.argv[2] ?? "");
for await (const chunk of response.body ?? []) {
  if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
}
