import { readFileSync } from "node:fs";

import { parseDocument } from "yaml";

import { ConfigError } from "./config-error.ts";
import { reasonOf } from "./file-fault.ts";

/**
 * Braces end a plain scalar inside `[…]`, so `[${SECRET}]` is no YAML by the letter. People write it all the same:
 * while the file is parsed, characters for private use stand in for the braces, as many as they replace.
 */
const OPEN = "\uE000\uE000";
const CLOSE = "\uE001";

/**
 * The value in a YAML file.
 *
 * @throws ConfigError that says where the fault is, and nothing of what stands there: it may be a secret
 */
export function readYaml(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(
      [`the file ${path} can't be read: ${reasonOf(error)}. Check the path after --config.`],
      { cause: error },
    );
  }
  const document = parseDocument(text.replaceAll(/\$\{([^{}\r\n]*)\}/g, `${OPEN}$1${CLOSE}`), {
    logLevel: "silent",
  });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const [position] = fault.linePos ?? [];
    const where = position === undefined ? "" : `, line ${position.line}, column ${position.col}`;
    const what = fault.code.toLowerCase().replaceAll("_", " ");
    throw new ConfigError([
      `${path}${where} is not YAML (${what}). Check indentation, quotes and colons there.`,
    ]);
  }
  let value: unknown;
  try {
    value = document.toJS({ reviver: (_, member: unknown) => restored(member) });
  } catch (error) {
    throw new ConfigError([`${path} is not YAML: its aliases can't be resolved.`], { cause: error });
  }
  if (value === null || value === undefined) throw new ConfigError([`the file ${path} is empty.`]);
  return value;
}

function restored(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll(OPEN, "${").replaceAll(CLOSE, "}") : value;
}
