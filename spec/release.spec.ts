import { readFile } from "node:fs/promises";

import { beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";

import { streams } from "../src/dixa/streams/index.ts";
import { VERSION } from "../src/version.ts";

const metadataSchema = z.object({
  data: z.looseObject({
    dockerRepository: z.string(),
    dockerImageTag: z.string(),
    license: z.string(),
    icon: z.string(),
    allowedHosts: z.object({ hosts: z.array(z.string()) }),
    suggestedStreams: z.object({ streams: z.array(z.string()) }),
  }),
});

const file = (name: string) => readFile(new URL(`../${name}`, import.meta.url), "utf8");
/** The version of the first row of the page's changelog, which has the newest version on top. */
const pageVersion = (page: string) =>
  /^\| *(\d+\.\d+\.\d+) /m.exec(page.slice(page.indexOf("## Changelog")))?.[1];

let metadata: z.infer<typeof metadataSchema>["data"];
let dockerfile: string;

beforeAll(async () => {
  metadata = metadataSchema.parse(parse(await file("metadata.yaml"))).data;
  dockerfile = await file("Dockerfile");
});

describe("one version number", () => {
  test("is in the metadata", () => {
    expect(metadata.dockerImageTag).toBe(VERSION);
  });

  test("is on the image's labels, with the repository's name", () => {
    const label = (name: string) =>
      Array.from(dockerfile.matchAll(new RegExp(`${name}=(\\S+)`, "g")), ([, value]) => value);
    expect(label("io\\.airbyte\\.version")).toEqual([VERSION]);
    expect(label("org\\.opencontainers\\.image\\.version")).toEqual([VERSION, VERSION]);
    expect(label("io\\.airbyte\\.name")).toEqual([metadata.dockerRepository]);
  });

  test("tops the changelog and the one of the connector's page", async () => {
    expect(/^## (\S+)/m.exec(await file("CHANGELOG.md"))?.[1]).toBe(VERSION);
    expect(pageVersion(await file("docs/integrations/sources/dixa.md"))).toBe(VERSION);
  });

  test("is the image's tag in the acceptance tests, with the repository's name", async () => {
    const config = z
      .looseObject({ connector_image: z.string() })
      .parse(parse(await file("acceptance-test-config.yml")));
    expect(config.connector_image).toBe(`${metadata.dockerRepository}:${VERSION}`);
  });

  test("is in the dbt package", async () => {
    const project = z.object({ version: z.string() }).parse(parse(await file("models/dbt_project.yml")));
    expect(project.version).toBe(VERSION);
  });

  test.each([
    "Dockerfile",
    "README.md",
    "deploy/README.md",
    "docs/integrations/sources/dixa.md",
    "deploy/kubernetes/base/kustomization.yaml",
    "deploy/kubernetes/example/kustomization.yaml",
  ])("is the tag of every image that %s names", async (name) => {
    const tags = Array.from(
      (await file(name)).matchAll(/\b(?:(?:source-dixa|dixa-relay):|newTag: *"?)(\d+\.\d+\.\d+[-.\w]*)/g),
      ([, tag]) => tag,
    );
    expect(Array.from(new Set(tags))).toEqual([VERSION]);
  });

  test("is in the lock file", async () => {
    const lock = z.object({ version: z.string() }).parse(JSON.parse(await file("package-lock.json")));
    expect(lock.version).toBe(VERSION);
  });
});

test("AIRBYTE_ENTRYPOINT is ENTRYPOINT joined with spaces, by absolute paths", () => {
  const connector = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  const joined = /AIRBYTE_ENTRYPOINT="([^"]+)"/.exec(connector)?.[1];
  const entrypoint = z
    .array(z.string())
    .parse(JSON.parse(/^ENTRYPOINT (.+)$/m.exec(connector)?.[1] ?? "null"));
  expect(entrypoint.join(" ")).toBe(joined);
  expect(entrypoint[0]).toMatch(/^\//);
  expect(entrypoint.at(-1)).toMatch(/^\//);
});

test("the metadata suggests every stream and allows the hosts that the specification names", async () => {
  expect(metadata.suggestedStreams.streams).toEqual(streams.map(({ name }) => name));
  const spec = await file("spec/golden/spec.json");
  const hosts = Array.from(spec.matchAll(/"default": "https:\/\/([^"]+)"/g), ([, host]) => host);
  expect(metadata.allowedHosts.hosts).toEqual(hosts);
});

test("the icon is square and draws nothing from elsewhere", async () => {
  const icon = await file(metadata.icon);
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(icon) ?? [];
  expect(width).toBeDefined();
  expect(width).toBe(height);
  expect(icon).not.toMatch(/href|url\(|<script|<image/);
});
