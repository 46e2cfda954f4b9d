import { readFile } from "node:fs/promises";

import { ConnectorError } from "../../airbyte/protocol/failure.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "it may not be read by this user",
  EISDIR: "it is a folder",
};

/**
 * The JSON value in a file, whatever the file is called (clients name them `.json`, `.txt` or not at all).
 *
 * @param what the option that named the file, for the message
 * @throws ConnectorError config_error if it can't be read or is not JSON; never with the file's content, since a
 *   configuration holds the token
 */
export async function readJsonFile(what: string, path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new ConnectorError(
      "config_error",
      `The ${what} file ${path} can't be read: ${REASONS[code] ?? code}. Check the path after --${what}.`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    const found = text.trim() === "" ? "it is empty" : `it has ${text.length} characters that are not JSON`;
    throw new ConnectorError("config_error", `The ${what} file ${path} is not JSON: ${found}.`);
  }
}
