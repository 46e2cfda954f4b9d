import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { streams } from "../../src/dixa/streams/index.ts";
import { repositoryFile, repositoryJson } from "./acceptance-config.ts";

const PAGE = "docs/integrations/sources/dixa.md";
/** Airbyte's skeleton of a connector's page, in its order. */
const HEADINGS = [
  "# Dixa",
  "## Prerequisites",
  "## Setup guide",
  "## Set up Dixa",
  "### For Airbyte Cloud:",
  "### For Airbyte Open Source:",
  "## Supported sync modes",
  "## Supported Streams",
  "### Performance considerations",
  "## Data type map",
  "## Limitations & Troubleshooting",
  "### Rate limits",
  "## Changelog",
];

const specSchema = z.looseObject({
  connectionSpecification: z.looseObject({
    required: z.array(z.string()),
    properties: z.record(
      z.string(),
      z.looseObject({ title: z.string(), airbyte_hidden: z.boolean().optional() }),
    ),
  }),
});

describe("the connector's page", () => {
  let page: string;
  let specification: z.infer<typeof specSchema>["connectionSpecification"];

  beforeAll(() => {
    page = repositoryFile(PAGE);
    specification = specSchema.parse(
      repositoryJson("integration_tests/acceptance/spec.json"),
    ).connectionSpecification;
  });

  function section(heading: string): string {
    const from = page.indexOf(`\n${heading}\n`);
    expect(from).not.toBe(-1);
    const next = page.slice(from + heading.length).search(/\n## /);
    return page.slice(from, next === -1 ? undefined : from + heading.length + next);
  }

  test("CAT, test_docs_structure: the headings of the skeleton are there, in their order", () => {
    const found = page.split("\n").filter((line) => HEADINGS.includes(line));
    expect(found).toEqual(HEADINGS);
  });

  test("CAT, test_prerequisites_content: every field that is required is named", () => {
    for (const name of specification.required) {
      expect(section("## Prerequisites")).toContain(specification.properties[name]?.title);
    }
  });

  test("every other field that a person sees is explained", () => {
    const optional = Object.entries(specification.properties).filter(
      ([name, { airbyte_hidden: hidden }]) => hidden !== true && !specification.required.includes(name),
    );
    for (const [, { title }] of optional) expect(section("## Set up Dixa")).toContain(title);
  });

  test("CAT, test_docs_descriptions: the sentences of the skeleton", () => {
    expect(page).toContain(
      "This page contains the setup guide and reference information for the Dixa source connector",
    );
    expect(page).toContain("The Dixa source connector supports the following [sync modes]");
    expect(page).toContain("<summary>Expand to review</summary>");
    expect(page).toContain("<HideInUI>");
  });

  test("every stream has a row with its key and cursor", () => {
    for (const stream of streams) {
      const row = section("## Supported Streams")
        .split("\n")
        .find((line) => line.startsWith(`| \`${stream.name}\``));
      for (const key of stream.primaryKey) expect(row).toContain(`\`${key}\``);
      const cursor = {
        windowed: "cursorField" in stream ? stream.cursorField : "",
        followed: "conversationUpdatedAt",
        listed: "none",
      };
      expect(row).toContain(cursor[stream.kind]);
    }
  });

  test("CAT, test_docs_links: links go over HTTPS, and those into this repository lead somewhere", () => {
    const targets = Array.from(page.matchAll(/\]\(([^)]+)\)/g), ([, target = ""]) => target);
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) {
      const isThere = existsSync(fileURLToPath(new URL(`../../${PAGE}/../${target}`, import.meta.url)));
      expect(target.startsWith("https://") || isThere ? "" : target).toBe("");
    }
  });
});
