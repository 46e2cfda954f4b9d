import { z } from "zod";

import { type Place } from "./page-reader.ts";
import { type StreamProgress } from "./stream-progress.ts";

/** How far a list is read: nothing, up to a page, up to a parent, or all. */
export type ListPosition =
  | { kind: "begun" }
  | { kind: "page"; place: Place }
  /** `last` is the key of a parent: its rows are out, and those of all parents before it in the order of their keys. */
  | { kind: "parent"; last: string }
  | { kind: "complete" };

/**
 * The member of the state that names a parent. States of earlier versions call it `parent` and mean the order in which
 * Dixa had listed the parents: those begin anew.
 */
const UP_TO_PARENT = "up_to_parent";

const savedSchema = z.union([
  z.looseObject({ list: z.literal("complete") }).transform((): ListPosition => ({ kind: "complete" })),
  z
    .looseObject({ page: z.looseObject({ key: z.string().nullable(), last: z.string() }) })
    .transform(({ page: { key, last } }): ListPosition => ({
      kind: "page",
      place: { key: key ?? undefined, last },
    })),
  z
    .looseObject({ [UP_TO_PARENT]: z.string() })
    .transform((state): ListPosition => ({ kind: "parent", last: state[UP_TO_PARENT] })),
]);

/** Where an interrupted list goes on. What is no position of ours is the beginning: that can be read again. */
export function readListState(state: unknown): ListPosition {
  return savedSchema.safeParse(state).data ?? { kind: "begun" };
}

function writeListState(position: ListPosition): Record<string, unknown> {
  switch (position.kind) {
    case "page":
      return { page: { key: position.place.key ?? null, last: position.place.last } };
    case "parent":
      return { [UP_TO_PARENT]: position.last };
    default:
      return { list: position.kind };
  }
}

/** How far one listed stream is. */
export class ListProgress implements StreamProgress {
  position: ListPosition;
  /** How much of it is known to be finished: of pages nobody knows how many there are. */
  done = 0;

  constructor(position: ListPosition) {
    this.position = position;
  }

  get plan(): string {
    switch (this.position.kind) {
      case "begun":
        return "reading the whole list";
      case "complete":
        return "nothing to read, since this job has read it already";
      default:
        return "reading on where the last attempt ended";
    }
  }

  state(): { state: Record<string, unknown>; isComplete: boolean } {
    return { state: writeListState(this.position), isComplete: this.position.kind === "complete" };
  }
}
