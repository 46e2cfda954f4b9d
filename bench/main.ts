import { benchKinds } from "./kinds.ts";
import { type BenchOptions, benchOptions } from "./options.ts";
import { benchReadPath } from "./read-path.ts";
import { benchRelay } from "./relay.ts";
import { benchScale } from "./scale.ts";
import { benchStartUp } from "./start-up.ts";

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  "read-path": benchReadPath,
  kinds: benchKinds,
  "start-up": benchStartUp,
  relay: benchRelay,
  scale: benchScale,
};

const options = benchOptions(process.argv.slice(2));
const unknown = options.names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark ${unknown.join(", ")}. There are: ${Object.keys(BENCHES).join(", ")}\n`,
  );
  process.exitCode = 2;
} else {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (options.names.length === 0 || options.names.includes(name)) await bench(options);
  }
}
