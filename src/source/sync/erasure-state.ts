import { z } from "zod";

/** That Dixa forgot something of a conversation. */
export interface Erasure {
  /** Id of the conversation (csid). */
  conversation: number;
  /** When it was anonymised, or one of its messages redacted, ms UTC. */
  at: number;
}

/** How far a stream has followed erasures. */
interface ErasureProgress {
  /** Erasures are looked for from this instant on, ms UTC. */
  from: number;
  /** Those from this instant on that have been followed: they will be found again, since some may show up late. */
  followed: readonly Erasure[];
}

/** The member of a stream's state. */
const ERASURES = "erasures";

const instant = z.iso.datetime().transform((text) => Date.parse(text));
const schema = z.looseObject({
  [ERASURES]: z.looseObject({
    from: instant,
    followed: z
      .array(z.tuple([z.int(), instant]).transform(([conversation, at]): Erasure => ({ conversation, at })))
      .nullish()
      .catch([]),
  }),
});

/** How far one stream has followed erasures, in the form of its state. */
export class ErasureLog {
  #progress: ErasureProgress;

  /**
   * @param state the stream's saved state
   * @param from where it does not know erasures: those since then (ms UTC) are followed
   */
  constructor(state: unknown, from: number) {
    const found = schema.safeParse(state).data?.[ERASURES];
    this.#progress = { from: found?.from ?? from, followed: found?.followed ?? [] };
  }

  /** Erasures are looked for from this instant on, ms UTC. */
  get from(): number {
    return this.#progress.from;
  }

  /** The erasures among those found that were not followed yet. */
  newOf(found: readonly Erasure[]): Erasure[] {
    const key = ({ conversation, at }: Erasure) => `${conversation} ${at}`;
    const known = new Set(this.#progress.followed.map(key));
    return found.filter((erasure) => !known.has(key(erasure)));
  }

  /** Notes that these have been followed, and that none shows up any more before `from` (ms UTC). */
  follow(erasures: readonly Erasure[], from: number): void {
    const { followed, from: before } = this.#progress;
    const next = Math.max(from, before);
    this.#progress = { from: next, followed: [...followed, ...erasures].filter(({ at }) => at >= next) };
  }

  /** What the stream's state says of it. */
  state(): Record<string, unknown> {
    const format = (ms: number) => new Date(ms).toISOString();
    const { from, followed } = this.#progress;
    const recent = followed.map(({ conversation, at }) => [conversation, format(at)]);
    return { [ERASURES]: { from: format(from), ...(recent.length === 0 ? {} : { followed: recent }) } };
  }
}
