import { type z } from "zod";

import { describeShape } from "../../airbyte/protocol/issues.ts";

/** `credentials.0.webhook_secrets.1` → `credentials[0].webhook_secrets[1]`, which is how people count in YAML. */
export function describePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (where, key) =>
      typeof key === "number" ? `${where}[${key}]` : where === "" ? String(key) : `${where}.${String(key)}`,
    "",
  );
}

/** What may be a misspelled key. Anything else may be a secret at the wrong place. */
const NAME = /^[a-z_-]{1,40}$/i;

/**
 * All that is wrong with a configuration: which key, what was found (its shape, never its value) and what is wanted.
 *
 * @param known the keys that the object at a path may have
 */
export function faultsOf(
  error: z.ZodError,
  input: unknown,
  nameOf: (path: readonly PropertyKey[]) => string = describePath,
): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map(
        (key) =>
          `${nameOf([...issue.path, NAME.test(key) ? key : `(${key.length} characters)`])} is not a key that the relay knows. Check its spelling.`,
      );
    }
    if (issue.path.length === 0)
      return [`it is ${describeShape(input)}, but must be a mapping of keys to values.`];
    const found = describeShape(valueAt(input, issue.path));
    return [`${nameOf(issue.path)} is ${found}, but ${wanted(issue)}.`];
  });
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
}

function wanted(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_type" && issue.expected === "object"
    ? "must be a mapping of keys to values"
    : issue.message;
}
