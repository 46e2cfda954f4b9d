import { describe, expect, test } from "@jest/globals";

import { step } from "../../../src/relay/coalescer/step.ts";
import { search } from "./model/search.ts";
import { WRONG_VARIANTS } from "./model/variants.ts";
import { type Trouble } from "./model/world.ts";

/**
 * Every interleaving of two replicas, Airbyte and trouble, on the reducer as shipped. What is left out: time, so that
 * whatever waits may go on at once or later, and operators but for `unpark`.
 */

const NO_TROUBLE: Trouble = {
  crashes: 0,
  lostReplies: 0,
  failures: 0,
  cancellations: 0,
  slowHolders: 0,
  foreignSyncs: 0,
  gaps: 0,
  requests: 0,
};

const shipped = { replicas: 2, maxFailedJobs: 8, step };

describe("the coalescer, in every world that can be reached,", () => {
  const found = { unsound: undefined, loss: undefined, dead: 0, death: undefined };

  test.each([
    [
      "2 events, a crash, a lost reply, a failed and a cancelled sync, two slow holders",
      { events: 2, trouble: { crashes: 1, lostReplies: 1, failures: 1, cancellations: 1, slowHolders: 2 } },
      200_000,
    ],
    [
      "3 events, a crash, a lost reply, a cancelled sync, a slow holder",
      { events: 3, trouble: { crashes: 1, lostReplies: 1, cancellations: 1, slowHolders: 1 } },
      50_000,
    ],
    [
      "2 events among Airbyte's own syncs, and starts that return an old job",
      {
        events: 2,
        trouble: { crashes: 1, lostReplies: 1, failures: 1, cancellations: 1, foreignSyncs: 1, gaps: 1 },
      },
      50_000,
    ],
    [
      "2 events of which one is a request by hand, a crash, a lost reply, a failed and a cancelled sync",
      {
        events: 2,
        trouble: { crashes: 1, lostReplies: 1, failures: 1, cancellations: 1, requests: 1 },
      },
      25_000,
    ],
    [
      "one failure too many, so that the connection is parked",
      {
        events: 1,
        maxFailedJobs: 1,
        trouble: { lostReplies: 1, failures: 1, cancellations: 1, slowHolders: 1, foreignSyncs: 1 },
      },
      10_000,
    ],
  ])(
    "claims no event that no sync has read, and can always go on to read all: %s",
    (_, { trouble, ...rules }, atLeast) => {
      const { worlds, ...verdict } = search({
        ...shipped,
        ...rules,
        trouble: { ...NO_TROUBLE, ...trouble },
      });
      expect(verdict).toEqual(found);
      // A model that has lost its moves would find nothing either.
      expect(worlds).toBeGreaterThan(atLeast);
    },
    60_000,
  );
});

describe("the model finds the loss when", () => {
  const trouble = {
    ...NO_TROUBLE,
    crashes: 1,
    lostReplies: 1,
    cancellations: 1,
    foreignSyncs: 1,
    requests: 1,
  };

  test.each(Object.entries(WRONG_VARIANTS))("%s", (_, variant) => {
    const verdict = search({ ...shipped, events: 2, replicas: 1, trouble, step: variant(step) });
    expect(verdict.loss).toBeDefined();
    expect(verdict.unsound).toBeDefined();
    expect(verdict.dead).toBeGreaterThan(0);
  });

  test("and finds none in the same worlds when nothing is mistaken", () => {
    const verdict = search({ ...shipped, events: 2, replicas: 1, trouble });
    expect(verdict).toMatchObject({ loss: undefined, unsound: undefined, dead: 0 });
  });
});
