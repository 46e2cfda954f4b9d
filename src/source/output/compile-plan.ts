import { z } from "zod";

import { kindsOf, type PersonalKind } from "../../dixa/personal.ts";
import { isRestricted, type Privacy, pseudonymizable, treatmentOf } from "../../dixa/privacy.ts";
import { type FieldSelection } from "./field-selection.ts";
import { DROP, DROP_UNKNOWN, KEEP, MemberTable, type ScalarPlan, ValuePlan } from "./row-plan.ts";

type Kinds = readonly PersonalKind[] | undefined;

/** A schema that a value may have, with the kinds that hold for it and the selection within it. */
interface Shape<Schema extends z.core.$ZodType = z.core.$ZodType> {
  schema: Schema;
  kinds: Kinds;
  selection: FieldSelection;
}

/** All that a value may be, with lists and unions resolved. */
interface Shapes {
  scalars: Shape[];
  objects: Shape<z.ZodObject>[];
  isList: boolean;
}

/** What a row is subject to. */
export interface RowRules {
  schema: z.ZodObject;
  selection: FieldSelection;
  privacy: Privacy;
  /** Fields that leave although they are not ticked: without key and cursor a destination can't place a row. */
  always: readonly string[];
  /** Lists that Dixa also sends as the bare value. */
  bareLists: readonly string[];
}

/** One plan of what a stream's schema, the connection's selection and the configured privacy ask for. */
export function compilePlan(rules: RowRules): ValuePlan {
  const { schema, selection, privacy } = rules;
  return new Compiler(privacy, rules).plan([{ schema, kinds: undefined, selection }], true);
}

class Compiler {
  readonly #privacy: Privacy;
  readonly #always: readonly string[];
  readonly #bareLists: readonly string[];
  readonly #isRestricted: boolean;
  /** What becomes of what the schema does not know. */
  readonly #unknown: ValuePlan;

  constructor(privacy: Privacy, { always, bareLists }: Pick<RowRules, "always" | "bareLists">) {
    this.#privacy = privacy;
    this.#always = always;
    this.#bareLists = bareLists;
    this.#isRestricted = isRestricted(privacy);
    this.#unknown = this.#isRestricted ? DROP_UNKNOWN : KEEP;
  }

  /** @param alternatives all schemas that the value may have */
  plan(alternatives: readonly Shape[], isRow = false): ValuePlan {
    const shapes: Shapes = { scalars: [], objects: [], isList: false };
    for (const alternative of alternatives) resolve(alternative, shapes);
    const { scalars, objects, isList } = shapes;
    const scalar = this.#scalar(scalars.length > 0 ? scalars : objects);
    const areDropped = objects.length === 0 || this.#ofKinds(objects) === DROP;
    if (scalar === "drop" && areDropped) return DROP;
    const others = this.#others(objects);
    const members = objects.length === 0 ? undefined : this.#members(objects, others, isRow);
    const plan = new ValuePlan({ scalar, members, others, isList });
    return plan.isIdle ? KEEP : plan;
  }

  #scalar(shapes: readonly Shape[]): ScalarPlan {
    // Nobody said what it is, or an object should stand there.
    if (this.#isRestricted && shapes.some(({ kinds }) => kinds === undefined)) return "unknown";
    const kinds = kindsOfAll(shapes);
    const treatment = treatmentOf(this.#privacy, kinds);
    if (treatment === "drop") return "drop";
    if (treatment === "pseudonymize") return pseudonymizable(kinds);
    return shapes.every(({ schema }) => isInstant(schema)) ? "instant" : "keep";
  }

  /** What becomes of members that no schema lists. */
  #others(objects: readonly Shape<z.ZodObject>[]): ValuePlan {
    if (objects.length > 0 && objects.every(({ selection }) => selection.isThinned)) return DROP;
    const maps = objects.filter(({ schema }) => Object.keys(schema.shape).length === 0);
    return maps.length > 0 ? this.#ofKinds(maps) : this.#unknown;
  }

  /** What becomes of whatever lies in values of these shapes, whose kinds count for all of it. */
  #ofKinds(shapes: readonly Shape[]): ValuePlan {
    if (shapes.some(({ kinds }) => kinds === undefined)) return this.#unknown;
    const kinds = kindsOfAll(shapes);
    const treatment = treatmentOf(this.#privacy, kinds);
    if (treatment === "keep") return KEEP;
    return treatment === "drop" ? DROP : new ValuePlan({ scalar: pseudonymizable(kinds) });
  }

  #members(objects: readonly Shape<z.ZodObject>[], others: ValuePlan, isRow: boolean): MemberTable {
    const plans = new Map<string, ValuePlan>();
    const listed = objects.flatMap(({ selection }) => (selection.isThinned ? selection.listed : []));
    for (const name of [...listed, ...objects.flatMap(({ schema }) => Object.keys(schema.shape))]) {
      const plan = this.#member(name, objects, isRow);
      if (plan !== others) plans.set(name, plan);
    }
    return new MemberTable(plans);
  }

  #member(name: string, objects: readonly Shape<z.ZodObject>[], isRow: boolean): ValuePlan {
    const knowing = objects.filter(({ schema }) => Object.hasOwn(schema.shape, name));
    // Ticked, but of another version of this connector.
    if (knowing.length === 0) return this.#unknown;
    const ticked = knowing.filter(({ selection }) => selection.leaves(name));
    if (ticked.length === 0 && !(isRow && this.#always.includes(name))) return DROP;
    const plan = this.plan(
      (ticked.length === 0 ? knowing : ticked).map(({ schema, kinds, selection }) => ({
        schema: schema.shape[name] as z.core.$ZodType,
        kinds,
        selection: selection.member(name),
      })),
    );
    return isRow && this.#bareLists.includes(name) ? wrapped(plan) : plan;
  }
}

function resolve({ schema, kinds: inherited, selection }: Shape, shapes: Shapes): void {
  const kinds = inherited ?? kindsOf(schema);
  if (schema instanceof z.ZodUnion) {
    for (const option of schema.options) resolve({ schema: option, kinds, selection }, shapes);
  } else if (schema instanceof z.ZodArray) {
    shapes.isList = true;
    resolve({ schema: schema.element, kinds, selection: selection.elements }, shapes);
  } else if (schema instanceof z.ZodObject) {
    shapes.objects.push({ schema, kinds, selection });
  } else {
    shapes.scalars.push({ schema, kinds, selection });
  }
}

function kindsOfAll(shapes: readonly Shape[]): readonly PersonalKind[] {
  return [...new Set(shapes.flatMap(({ kinds }) => kinds ?? []))];
}

/** Whether destinations make a date-time column of it. */
function isInstant(schema: z.core.$ZodType): boolean {
  return z.globalRegistry.get(schema)?.["airbyte_type"] === "timestamp_with_timezone";
}

function wrapped({ scalar, members, others, isList }: ValuePlan): ValuePlan {
  return new ValuePlan({ scalar, members, others, isList, isWrapped: true });
}
