import { readFileSync } from "node:fs";

import { reasonOf } from "../config/file-fault.ts";
import { CommandError } from "./command-error.ts";

const STANDARD_INPUT = 0;

/**
 * A secret that a person hands to a command: from a file, from standard input if the file is called `-`, or else from the
 * environment. Never from the command line, which other users can see. Undefined: none is given.
 *
 * @throws CommandError
 */
export function givenSecret(file: string | undefined, variable: string): string | undefined {
  if (file === undefined) {
    const value = process.env[variable]?.trim() ?? "";
    return value === "" ? undefined : value;
  }
  let text: string;
  try {
    text = readFileSync(file === "-" ? STANDARD_INPUT : file, "utf8").trim();
  } catch (error) {
    throw new CommandError(`${file} can't be read: ${reasonOf(error)}. Check the path.`, { cause: error });
  }
  if (text === "") throw new CommandError(`There is nothing in ${file === "-" ? "standard input" : file}.`);
  return text;
}
