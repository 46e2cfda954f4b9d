import { z } from "zod";

import { compareIds, type Group } from "./conversation-queue.ts";
import { type Interval } from "./intervals.ts";

/** The member of a stream's state. */
const PARTLY = "partly";

const schema = z.looseObject({
  [PARTLY]: z.array(z.tuple([z.iso.datetime().transform((text) => Date.parse(text)), z.string()])),
});

interface Instant {
  finished: Map<number, string>;
  /** Parts without a gap from the first on. */
  unbroken: number;
}

/**
 * Instants at which more conversations changed than a sync may have to read again: those up to an id are out. A cursor
 * alone could only say that all of them are, or none.
 */
export class PartialInstants {
  /** By instant, ms UTC, the id up to which conversations are out, as JSON text. */
  readonly #out: Map<number, string>;
  readonly #begun = new Map<number, Instant>();

  /**
   * @param state the stream's saved state
   * @param settled at later instants (ms UTC) conversations may still have shown up since, so that all are read again
   */
  constructor(state: unknown, settled: number) {
    const saved = schema.safeParse(state).data?.[PARTLY] ?? [];
    this.#out = new Map(saved.filter(([at]) => at < settled));
  }

  /** Whether the conversation's rows at this instant are out already. */
  covers(at: number, id: string): boolean {
    const last = this.#out.get(at);
    return last !== undefined && compareIds(id, last) <= 0;
  }

  /**
   * Notes that the rows of a part of an instant's conversations are out.
   *
   * @returns the span that is finished with it, if all of the instant's parts are
   */
  finish({ at, part, parts, last, span }: Group): Interval | undefined {
    const instant = this.#begun.get(at) ?? { finished: new Map<number, string>(), unbroken: 0 };
    this.#begun.set(at, instant);
    instant.finished.set(part, last);
    if (instant.finished.size === parts) {
      this.#begun.delete(at);
      this.#out.delete(at);
      return span;
    }
    for (let id = instant.finished.get(instant.unbroken); id !== undefined;) {
      if (!this.covers(at, id)) this.#out.set(at, id);
      id = instant.finished.get(++instant.unbroken);
    }
    return undefined;
  }

  /** What the stream's state says of it. */
  state(): Record<string, unknown> {
    const partly = [...this.#out].map(([at, id]) => [new Date(at).toISOString(), id]);
    return partly.length === 0 ? {} : { [PARTLY]: partly };
  }
}
