import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How often buffers are looked at, ms. */
const EVERY_MS = 50;
/** So many bytes of buffers more than after the last collection are taken to be dead. */
const GROWTH_BYTES = 8 * 1024 * 1024;

/**
 * Has dead buffers collected before they pile up. A reader makes few objects and many large buffers; V8, which looks
 * at the objects, would let some forty megabytes of dead ones gather before it collects them. The nursery, which V8
 * would let grow to 16 MiB a half, stays at 2 MiB for the same reason.
 *
 * @returns stops it
 */
export function collectBuffers(): () => void {
  setFlagsFromString("--max-semi-space-size=2");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "minor" | "major" }) => void;
  let kept = process.memoryUsage().arrayBuffers;
  const grown = () => process.memoryUsage().arrayBuffers - kept;
  const timer = setInterval(() => {
    if (grown() < GROWTH_BYTES) return;
    // Costs a tenth of a whole collection, and usually suffices: most buffers die young.
    collect({ type: "minor" });
    if (grown() < GROWTH_BYTES / 2) return;
    collect({ type: "major" });
    kept += grown();
  }, EVERY_MS).unref();
  return () => {
    clearInterval(timer);
  };
}
