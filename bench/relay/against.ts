import { type BenchOptions } from "../options.ts";
import { cpuDuring } from "../process-figures.ts";
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
    rounds = ROUNDS,
    report,
    measure,
  }: {
    contenders: Contenders;
    stores: BenchOptions["stores"];
    rounds: BenchOptions["rounds"];
    report: Report;
    measure: Measure;
  },
): Promise<void> {
  const { program, remove } = await otherBuild(against);
  try {
    for (const store of stores) {
      const before = await contenders[store](program);
      const now = await contenders[store]();
      report.say(await ratioOf(now, before, rounds, measure));
      await now.stop();
      await before.stop();
    }
  } finally {
    await remove();
  }
}

async function ratioOf(now: Contender, before: Contender, rounds: number, measure: Measure): Promise<string> {
  const found = { rate: new Pairs(), cpu: new Pairs() };
  for (let round = 0; round <= rounds; round++) {
    const figures = new Map<Contender, { rate: number; cpu: number }>();
    // Neither is always the first.
    for (const contender of round % 2 === 0 ? [before, now] : [now, before]) {
      const { result, ms } = await cpuDuring(contender.pid, () => measure(contender));
      const { accepted, seconds } = result;
      figures.set(contender, { rate: accepted / seconds, cpu: (ms * 1000) / accepted });
    }
    const [old, current] = [figures.get(before), figures.get(now)];
    // The first round warms up caches.
    if (round === 0 || old === undefined || current === undefined) continue;
    found.rate.add(current.rate, old.rate);
    found.cpu.add(current.cpu, old.cpu);
  }
  return [
    `${now.name}, median [min–max] of ${rounds} rounds in turn`,
    `  acknowledgements/s    ${found.rate.toString()}`,
    `  CPU µs of a webhook   ${found.cpu.toString()}`,
  ].join("\n");
}

/** A figure of this revision and of the other, round by round. */
class Pairs {
  readonly #now: number[] = [];
  readonly #before: number[] = [];
  add(now: number, before: number): void {
    this.#now.push(now);
    this.#before.push(before);
  }

  toString(): string {
    const ratios = this.#now.map((value, round) => value / (this.#before[round] ?? Number.NaN));
    const [now, before] = [summary(this.#now, 0), summary(this.#before, 0)];
    return `now ${now}, before ${before}; now / before ${summary(ratios)}`;
  }
}
