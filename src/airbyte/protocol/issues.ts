import { type z } from "zod";

/** How many keys of an object are named. */
const NAMED_KEYS = 5;

/** What a value looks like, without giving it away: it may be a secret in the wrong place. */
export function describeShape(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "missing";
    case "string":
      return value === "" ? "an empty string" : `a string of ${value.length} characters`;
    case "number":
      return Number.isInteger(value) ? "an integer" : "a number with a fraction";
    case "boolean":
      return "true or false";
    case "object":
      break;
    default:
      return `a ${typeof value}`;
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  const more = keys.length > NAMED_KEYS ? ` and ${keys.length - NAMED_KEYS} more` : "";
  return `an object with ${keys.slice(0, NAMED_KEYS).join(", ")}${more}`;
}

/**
 * All that is wrong with a value, in one line: which field, what was found in it and what is wanted.
 *
 * @param input the value that did not fit
 */
export function describeIssues(error: z.ZodError, input: unknown): string {
  return error.issues
    .map((issue) => {
      const field = issue.path.length === 0 ? "it" : issue.path.join(".");
      const found = issue.path.reduce<unknown>(
        (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
        input,
      );
      return `${field} is ${describeShape(found)}, but ${wanted(issue)}`;
    })
    .join("; ");
}

function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${NAMES[issue.expected] ?? issue.expected}`;
    case "too_small":
      return issue.origin === "string" ? issue.message : `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_format":
      return issue.format === "guid" || issue.format === "uuid"
        ? "must be a UUID, for example 7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e"
        : `must be a valid ${issue.format}`;
    default:
      return issue.message;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
};
