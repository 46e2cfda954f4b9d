import { BodyError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { findMember, keyBytes, valueKind, valueText } from "../../http/json-element.ts";

const SMALL_N = 0x6e;

/**
 * Tells rows of a stream apart by the fields of its primary key.
 *
 * @returns throws BodyError for a row that lacks one of them: no destination could keep it
 */
export function rowKeyOf(primaryKey: readonly string[]): (row: JsonElement) => string {
  const keys = primaryKey.map(keyBytes);
  return (row) =>
    keys
      .map((key, index) => {
        const at = findMember(row, key);
        if (at === -1 || valueKind(row, at) === SMALL_N) {
          throw new BodyError("malformed", `a row has no "${primaryKey[index] ?? ""}"`);
        }
        return valueText(row, at);
      })
      .join(",");
}
