import { type StreamRun } from "./stream-run.ts";

/**
 * A unit of work: a slice, a page, the children of a conversation. It ends with a STATE or on the way to one, and never
 * fails: what goes wrong ends a stream.
 */
export type Unit = (signal: AbortSignal) => Promise<void>;

/** What one or more streams have to do in a sync, handed out in units. Scheduling knows no more of a stream than this. */
export interface Work {
  /** The streams that it reads. */
  readonly runs: readonly StreamRun[];
  /** Which budget of requests the next unit waits for. */
  readonly host: "exports" | "api";
  /** A unit that can begin now. Undefined: there is none before another one has ended, or none any more. */
  next(): Unit | undefined;
  /** Whether all units have ended and there will be no more. */
  isOver(): boolean;
}

/**
 * Does all work, at most `workers` units at a time, taking turns. While both hosts have work, one worker is kept for
 * each, so that a minute's wait for one budget does not hold up the other host's streams.
 */
export async function workThrough(
  works: readonly Work[],
  workers: number,
  signal: AbortSignal,
): Promise<void> {
  const ended = new Set<Work>();
  const busy = { exports: 0, api: 0 };
  let turn = 0;
  let changed = Promise.withResolvers<undefined>();

  const endThoseOver = () => {
    for (const work of works) {
      if (ended.has(work) || !(work.isOver() || signal.aborted)) continue;
      ended.add(work);
      for (const run of work.runs) run.end(signal.aborted);
    }
  };
  const takeNext = (most: number) => {
    for (let tried = 0; tried < works.length && !signal.aborted; tried++) {
      const work = works[turn++ % works.length];
      if (work === undefined || busy[work.host] >= most) continue;
      // Read before the unit is taken: a work may turn to the other host with it.
      const { host } = work;
      const unit = work.next();
      if (unit !== undefined) return { unit, host };
    }
    return undefined;
  };
  const worker = async () => {
    for (;;) {
      const taken = takeNext(Math.max(1, workers - 1)) ?? takeNext(workers);
      if (taken === undefined) {
        // Only a unit that is under way can lead to more.
        if (busy.exports + busy.api === 0) return;
        await changed.promise;
        continue;
      }
      busy[taken.host]++;
      await taken.unit(signal);
      busy[taken.host]--;
      endThoseOver();
      changed.resolve(undefined);
      changed = Promise.withResolvers();
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  endThoseOver();
}
