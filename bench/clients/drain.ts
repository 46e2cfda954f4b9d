import fetch from "node-fetch";

/** The floor: takes the body and looks at nothing. */
const response = await fetch(process.argv[2] ?? "");
let bytes = 0;
for await (const chunk of response.body ?? []) bytes += chunk.length;
process.stdout.write(`${bytes}\n`);
