import { describe, expect, test } from "@jest/globals";

import { step } from "../../../../src/relay/coalescer/step.ts";
import { search } from "./search.ts";
import { WRONG_VARIANTS } from "./variants.ts";
import { type Trouble } from "./world.ts";

/** How deep a check goes. Trouble that is not named does not happen. */
export interface Depth {
  scenarios: readonly {
    events: number;
    trouble: Partial<Trouble>;
    maxFailedJobs?: number;
    /** So many worlds at the least: a model that has lost its moves would find nothing either. */
    worlds: number;
  }[];
  /** Among what every mistake must be found, and none where there is none: 2 events, one replica. */
  mistakes: Partial<Trouble>;
}

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

const shipped = { maxFailedJobs: 8, step };

/**
 * Every interleaving of two replicas, Airbyte and trouble, on the reducer as shipped. What is left out: time, so that
 * whatever waits may go on at once or later, and operators but for `unpark`.
 */
export function describeCoalescer({ scenarios, mistakes }: Depth): void {
  const found = { unsound: undefined, loss: undefined, dead: 0, death: undefined };
  const told = scenarios.map(({ worlds, trouble, ...rules }) => ({
    name: `${rules.events} events, ${JSON.stringify(trouble)}`,
    rules: { ...shipped, replicas: 2, ...rules, trouble: { ...NO_TROUBLE, ...trouble } },
    atLeast: worlds,
  }));

  describe("the coalescer, in every world that can be reached,", () => {
    test.each(told)(
      "claims no event that no sync has read, and can always go on to read all: $name",
      ({ rules, atLeast }) => {
        const { worlds, ...verdict } = search(rules);
        expect(verdict).toEqual(found);
        expect(worlds).toBeGreaterThan(atLeast);
      },
      60_000,
    );
  });

  describe("the model finds the loss when", () => {
    const rules = { ...shipped, replicas: 1, events: 2, trouble: { ...NO_TROUBLE, ...mistakes } };

    test.each(Object.entries(WRONG_VARIANTS))("%s", (_, variant) => {
      const verdict = search({ ...rules, step: variant(step) });
      expect(verdict.loss).toBeDefined();
      expect(verdict.unsound).toBeDefined();
      expect(verdict.dead).toBeGreaterThan(0);
    });

    test("and finds none in the same worlds when nothing is mistaken", () => {
      expect(search(rules)).toMatchObject(found);
    });
  });
}
