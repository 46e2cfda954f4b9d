import { readFile } from "node:fs/promises";

const GUIDE = new URL("../../docs/orchestrators.md", import.meta.url);
const BLOCK = /^```\w+\n([\s\S]*?)^```$/gm;

/**
 * The text of an example of docs/orchestrators.md, as it stands there.
 *
 * @param name what its first comment says it is
 * @throws Error if there is not exactly one of that name
 */
export async function documented(name: string): Promise<string> {
  const guide = await readFile(GUIDE, "utf8");
  const examples = [...guide.matchAll(BLOCK)]
    .map(([, text = ""]) => text)
    .filter((text) => text.split("\n", 2).includes(`# ${name}`));
  const [example] = examples;
  if (example === undefined || examples.length > 1) {
    throw new Error(`docs/orchestrators.md has ${examples.length} examples named ${name}`);
  }
  return example;
}

/** An example with what a user puts in place of its ids and addresses. Each must be there. */
export async function filledIn(
  name: string,
  replacements: Readonly<Record<string, string>>,
): Promise<string> {
  let text = await documented(name);
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`the example ${name} does not mention ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** The ids and addresses that the examples name. */
export const IN_DOCS = {
  credentialId: "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e",
  connectionId: "18dccc91-0ab1-4f72-9ed7-0b8fc27c5826",
  workspaceId: "871d9b60-11d1-44cb-8c92-c246d53bf87e",
  relay: "https://relay.example.com",
  airbyte: "https://airbyte.example.com",
} as const;
