import { type Interval } from "./intervals.ts";

/** A conversation that changed, as the export lists it. */
export interface ChangedConversation {
  /** Its id as JSON text. */
  readonly id: string;
  /** Its `updated_at`, ms UTC. */
  readonly at: number;
}

/** More conversations than this that changed at the same instant are finished in parts. */
const LARGEST_GROUP = 100;

/**
 * Conversations that changed at the same instant, with the span up to the next ones: finished when all of them are. Of
 * many at one instant, as after an import, each group holds a part, in ascending order of their ids.
 */
export interface Group {
  readonly at: number;
  /** Of the whole instant. */
  readonly span: Interval;
  readonly size: number;
  /** Id of the last conversation, as JSON text. */
  readonly last: string;
  /** Which part of its instant it is, from 0 on, and how many there are. */
  readonly part: number;
  readonly parts: number;
}

/** Puts ids in an order that is the same in every sync: integers by their value, as long as none is negative. */
export function compareIds(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}

export interface Queued {
  readonly id: string;
  readonly group: Group;
}

/** Conversations that wait to be asked for their children, in ascending order of `updated_at`. */
export class ConversationQueue {
  #waiting: Queued[] = [];
  #head = 0;

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /**
   * Adds what changed in a window, which follows the one that was added before it.
   *
   * @returns the groups: their spans cover the window without a gap. Undefined if nothing changed in it
   */
  add([lo, hi]: Interval, changed: readonly ChangedConversation[]): Group[] | undefined {
    if (changed.length === 0) return undefined;
    const byTime = new Map<number, ChangedConversation[]>();
    for (const conversation of [...changed].sort((a, b) => a.at - b.at)) {
      const same = byTime.get(conversation.at);
      if (same === undefined) byTime.set(conversation.at, [conversation]);
      else same.push(conversation);
    }
    const times = [...byTime.keys()];
    return [...byTime.values()].flatMap((conversations, index) => {
      const at = times[index] ?? lo;
      const span: Interval = [index === 0 ? lo : at, times[index + 1] ?? hi];
      return this.#addInstant(
        at,
        span,
        conversations.map(({ id }) => id),
      );
    });
  }

  #addInstant(at: number, span: Interval, ids: string[]): Group[] {
    ids.sort(compareIds);
    const parts = Math.ceil(ids.length / LARGEST_GROUP);
    const groups = Array.from({ length: parts }, (_, part): Group => {
      const own = ids.slice(part * LARGEST_GROUP, (part + 1) * LARGEST_GROUP);
      const group = { at, span, size: own.length, last: own.at(-1) ?? "", part, parts };
      for (const id of own) this.#waiting.push({ id, group });
      return group;
    });
    return groups;
  }

  take(): Queued | undefined {
    const next = this.#waiting[this.#head];
    if (next === undefined) return undefined;
    this.#head++;
    // Cut now and then, so that neither a long pass keeps all of itself nor a cut costs much.
    if (this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }
}
