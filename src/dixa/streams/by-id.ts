import { BodyError } from "../../http/errors.ts";
import { type Parameters, type Row } from "./stream.ts";

/**
 * For a list that is asked once for each row of another one: the row's id, under the name that the path gives it.
 *
 * @throws BodyError if the row has none: its rows would be left out without a word
 */
export function byId(name: string): (row: Row) => Parameters {
  return ({ id }) => {
    if ((typeof id === "string" && id !== "") || typeof id === "number") return { [name]: id };
    throw new BodyError("malformed", `a row that the parameter ${name} is taken from has no id`);
  };
}
