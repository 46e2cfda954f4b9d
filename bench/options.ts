import { parseArgs } from "node:util";

const STORES = ["sqlite", "postgres"] as const;
const SIZES = ["small", "large"] as const;

export interface BenchOptions {
  /** Names of benchmarks; none: all. */
  readonly names: readonly string[];
  readonly stores: readonly (typeof STORES)[number][];
  readonly sizes: readonly (typeof SIZES)[number][];
  /** A revision, or the program that was built from it, that the relay is compared with. */
  readonly against: string | undefined;
  /** How often the two are loaded in turn; undefined: as often as a ratio needs. */
  readonly rounds: number | undefined;
}

/** @throws Error with the options that there are */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      store: { type: "string" },
      size: { type: "string" },
      against: { type: "string" },
      rounds: { type: "string" },
    },
  });
  return {
    names: positionals,
    stores: oneOrAll("store", STORES, values.store),
    sizes: oneOrAll("size", SIZES, values.size),
    against: values.against,
    rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  };
}

function oneOrAll<T extends string>(
  name: string,
  all: readonly T[],
  given: string | undefined,
): readonly T[] {
  if (given === undefined) return all;
  const found = all.filter((each) => each === given);
  if (found.length === 0) throw new Error(`--${name} ${given}: there are ${all.join(", ")}`);
  return found;
}
