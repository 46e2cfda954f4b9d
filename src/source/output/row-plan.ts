import { type PersonalKind } from "../../dixa/personal.ts";
import { keyBytes } from "../../http/json-element.ts";
import { nameAt } from "./row-path.ts";

/**
 * What becomes of a value that is no list and no object: it leaves as it came, is left out (`unknown`: because the schema
 * has no such value there), leaves as RFC 3339, or as a pseudonym of one of the kinds.
 */
export type ScalarPlan = "keep" | "drop" | "unknown" | "instant" | readonly PersonalKind[];

/**
 * What becomes of a value on its way out, whatever it turns out to be; null stays null. What holds for a list holds for
 * each of its elements, since Dixa sends some lists as the bare value when there is only one.
 */
export class ValuePlan {
  readonly scalar: ScalarPlan;
  /** Members of an object that are treated otherwise than {@link others}; undefined if the schema has no object here. */
  readonly members: MemberTable | undefined;
  readonly others: ValuePlan;
  /** The schema has a list here. */
  readonly isList: boolean;
  /** A value that is no list becomes a list of one. */
  readonly isWrapped: boolean;
  /** Whatever the value is, nothing in it changes. */
  readonly isIdle: boolean;

  /** @param parts without `others`, other members are treated by this very plan */
  constructor(parts: {
    scalar: ScalarPlan;
    members?: MemberTable | undefined;
    others?: ValuePlan;
    isList?: boolean;
    isWrapped?: boolean;
  }) {
    this.scalar = parts.scalar;
    this.members = parts.members;
    this.others = parts.others ?? this;
    this.isList = parts.isList ?? false;
    this.isWrapped = parts.isWrapped ?? false;
    const othersStay = this.others === this || this.others.isIdle;
    this.isIdle = this.scalar === "keep" && othersStay && (this.members?.size ?? 0) === 0;
  }
}

interface Entry {
  key: Buffer;
  plan: ValuePlan;
}

/** Plans by key, found by the bytes of a key as it stands in a row. */
export class MemberTable {
  /** By length, which tells most keys apart without looking at them. */
  readonly #byLength: (Entry[] | undefined)[] = [];
  readonly #byName: ReadonlyMap<string, ValuePlan>;

  constructor(plans: ReadonlyMap<string, ValuePlan>) {
    this.#byName = plans;
    for (const [name, plan] of plans) {
      const key = keyBytes(name);
      (this.#byLength[key.length] ??= []).push({ key, plan });
    }
  }

  get size(): number {
    return this.#byName.size;
  }

  /** @param mayHaveEscapes the key may be written with escapes, and has to be decoded if it is not found otherwise */
  find(buffer: Buffer, start: number, end: number, mayHaveEscapes: boolean): ValuePlan | undefined {
    const candidates = this.#byLength[end - start];
    if (candidates !== undefined) {
      for (const { key, plan } of candidates) {
        let matched = 1;
        while (matched < key.length && buffer[start + matched] === key[matched]) matched++;
        if (matched === key.length) return plan;
      }
    }
    return mayHaveEscapes ? this.#byName.get(nameAt(buffer, start, end)) : undefined;
  }
}

/** The value leaves as it came, whatever it is. */
export const KEEP = new ValuePlan({ scalar: "keep" });
/** The member is left out. */
export const DROP = new ValuePlan({ scalar: "drop" });
/** The member is left out because the schema does not know it. */
export const DROP_UNKNOWN = new ValuePlan({ scalar: "unknown" });
