import { type DixaSimulator, startDixaSimulator } from "./index.ts";
import { parseArguments } from "./main-arguments.ts";
import { describeRequest } from "./request-line.ts";
import { LEGACY_TOKEN, POWERLESS_TOKEN } from "./tokens.ts";

const DAY_MS = 86_400_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Every so often a conversation is closed, one is opened and a message arrives, as in an account that is in use. */
function liven({ control, dataset }: DixaSimulator, everyMs: number): NodeJS.Timeout {
  const { size } = dataset.streams.conversations;
  let count = 0;
  return setInterval(() => {
    const id = control.conversationId(count % Math.max(1, size));
    const turn = count++ % 3;
    const { row } =
      turn === 0 || size === 0
        ? control.addConversation()
        : turn === 1
          ? control.addMessage(id, "Is anybody there?")
          : control.closeConversation(id);
    const what = ["opened", "has a new message", "closed"][size === 0 ? 0 : turn];
    say(`conversation ${String(row["id"])}: ${String(what)}`);
  }, everyMs);
}

const args = await parseArguments(process.argv);
const now = Math.floor(Date.now() / 1000) * 1000;
const end = args.end ?? now;
const { skew } = args;
const simulator = await startDixaSimulator({
  ...args.options,
  span: { lo: end - args.days * DAY_MS, hi: end },
  now: () => Date.now() + skew * 1000,
  ...(args.quiet
    ? {}
    : {
        onRequest: (request) => {
          say(describeRequest(request));
        },
      }),
}).catch((error: unknown) => {
  process.stderr.write(
    `The simulator can't start: ${error instanceof Error ? error.message : String(error)}\n` +
      "Choose other ports with --exports-port and --api-port.\n",
  );
  process.exit(1);
});
const counts = Object.entries(simulator.dataset.streams).map(
  ([stream, { size }]) => `${size.toLocaleString("en")} ${stream.replace("_", " ")}`,
);
say(`Exports API  ${simulator.exportsUrl}
Dixa API     ${simulator.apiUrl}
Tokens       ${simulator.token} (good), ${LEGACY_TOKEN} (of the old Integrations API), ${POWERLESS_TOKEN} (no rights)
Data         ${counts.join(", ")}

A configuration for source-dixa:
${JSON.stringify(simulator.config(), null, 2)}

Stop it with Ctrl-C.
`);
const timer = args.live === undefined ? undefined : liven(simulator, args.live * 1000);
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    clearInterval(timer);
    void simulator.close();
  });
}
