import { systemClock } from "../../../src/http/clock.ts";
import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { GroupCommit } from "../../../src/relay/store/group-commit.ts";
import { openStore } from "../../../src/relay/store/open.ts";
import { webhookEvent } from "./events.ts";

/** A program that accepts events until it is killed, and prints the id of each once it has been acknowledged. */
const [location = "", life = ""] = process.argv.slice(2);
const store = await openStore(location, { clock: systemClock, timingsOf: () => DEFAULT_TIMINGS });
const commit = new GroupCommit({ store, maxInFlight: 2 });
let number = 0;
const senders = Array.from({ length: 8 }, async () => {
  for (;;) {
    const id = `${life}-${++number}`;
    try {
      await commit.accept(webhookEvent("a", id));
      process.stdout.write(`${id}\n`);
    } catch {
      process.stdout.write("refused\n");
    }
  }
});
await Promise.all(senders);
