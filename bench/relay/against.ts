import { type BenchOptions } from "../options.ts";
import { type Report } from "../report.ts";
import { summary } from "../statistics.ts";
import { type Contender, type Contenders } from "./contenders.ts";
import { type LoadResult } from "./load-client.ts";
import { otherBuild } from "./other-build.ts";

const ROUNDS = 9;

type Measure = (contender: Contender) => Promise<LoadResult>;

/** This revision's relay beside another's, in turn, so that a noisy moment hits both: as a ratio with its spread. */
export async function compareWith(
  against: string,
  {
    contenders,
    stores,
    report,
    measure,
  }: {
    contenders: Contenders;
    stores: BenchOptions["stores"];
    report: Report;
    measure: Measure;
  },
): Promise<void> {
  const { program, remove } = await otherBuild(against);
  try {
    for (const store of stores) {
      const before = await contenders[store](program);
      const now = await contenders[store]();
      report.say(await ratioOf(now, before, measure));
      await now.stop();
      await before.stop();
    }
  } finally {
    await remove();
  }
}

async function ratioOf(now: Contender, before: Contender, measure: Measure): Promise<string> {
  const rates = new Map<Contender, number[]>([
    [before, []],
    [now, []],
  ]);
  for (let round = 0; round <= ROUNDS; round++) {
    // Neither is always the first.
    for (const contender of round % 2 === 0 ? [before, now] : [now, before]) {
      const { accepted, seconds } = await measure(contender);
      // The first round warms up caches.
      if (round > 0) rates.get(contender)?.push(accepted / seconds);
    }
  }
  const [old = [], current = []] = rates.values();
  const ratios = current.map((rate, round) => rate / (old[round] ?? Number.NaN));
  return (
    `${now.name.padEnd(12)} acknowledgements/s: now ${summary(current, 0)}, before ${summary(old, 0)}; ` +
    `now / before ${summary(ratios)}, median [min–max] of ${ROUNDS} rounds in turn`
  );
}
