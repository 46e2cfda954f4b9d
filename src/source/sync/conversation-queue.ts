import { type Interval } from "./intervals.ts";

/** A conversation that changed, as the export lists it. */
export interface ChangedConversation {
  /** Its id as JSON text. */
  readonly id: string;
  /** Its `updated_at`, ms UTC. */
  readonly at: number;
}

/** Conversations that changed at the same instant, with the span up to the next ones: finished when all of them are. */
export interface Group {
  readonly at: number;
  readonly span: Interval;
  readonly size: number;
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
    return [...byTime.values()].map((conversations, index) => {
      const at = times[index] ?? lo;
      const span: Interval = [index === 0 ? lo : at, times[index + 1] ?? hi];
      const group = { at, span, size: conversations.length };
      for (const { id } of conversations) this.#waiting.push({ id, group });
      return group;
    });
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
