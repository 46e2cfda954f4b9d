import { measure } from "../integration_tests/support/measured-process.ts";
import { NODE_FLAGS } from "../integration_tests/support/node-flags.ts";
import { sourceProgram } from "../integration_tests/support/source-process.ts";
import { median, summary } from "./statistics.ts";

const RUNS = 15;

/** Start-up of `spec` from the bundle beside a Node that does nothing. */
export async function benchStartUp(): Promise<void> {
  const bare: number[] = [];
  const spec: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const [empty, printed] = [
      await measure(["-e", "0"]),
      await measure([...NODE_FLAGS, sourceProgram(true), "spec"]),
    ];
    if (run === 0) continue;
    bare.push(empty.wallMs);
    spec.push(printed.wallMs);
  }
  process.stdout.write(
    `\nStart-up, ms, median [min–max] of ${RUNS}: node -e 0 ${summary(bare, 0)}, spec ${summary(spec, 0)}, ` +
      `difference ${(median(spec) - median(bare)).toFixed(0)}\n`,
  );
}
