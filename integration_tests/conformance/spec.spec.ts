import { beforeAll, describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";

import { messagesOf } from "../support/messages.ts";
import { acceptance, repositoryFile, repositoryJson } from "./acceptance-config.ts";
import { type Json, objectsIn } from "./json-walk.ts";
import { SPEC_RULES } from "./spec-rules.ts";
import { inspectImage, type Outcome, targets } from "./target.ts";

const imageConfig = z.looseObject({
  Env: z.array(z.string()),
  Entrypoint: z.array(z.string()),
  Labels: z.record(z.string(), z.string()),
  User: z.string(),
});
const metadataSchema = z.looseObject({
  data: z.looseObject({ dockerRepository: z.string(), dockerImageTag: z.string() }),
});

describe.each(targets())("spec of $name", (target) => {
  let outcome: Outcome;
  let schema: Json;

  beforeAll(async () => {
    outcome = await target.run("spec");
    schema = messagesOf(outcome.messages, "SPEC")[0]?.spec.connectionSpecification ?? {};
  });

  function accepts(config: unknown): string {
    const ajv = new Ajv({ strict: false });
    // A CommonJS module with a default export of its own.
    (addFormats as unknown as (ajv: Ajv) => void)(ajv);
    return ajv.validate(schema, config) ? "" : ajv.errorsText();
  }

  test("CAT, fixture; FAST, test_spec: exactly one SPEC and no error", () => {
    expect(outcome.messages.map(({ type }) => type)).toEqual(["SPEC"]);
    expect(outcome.exitCode).toBe(0);
  });

  test.each(acceptance.acceptance_tests.spec.tests)(
    "CAT, test_config_match_spec; FAST, test_config_matches_spec: $config_path",
    ({ config_path: path }) => {
      expect(accepts(repositoryJson(path))).toBe("");
    },
  );

  test("CAT, test_config_match_spec: and not everything matches", () => {
    expect(accepts({ api_token: 1, start_date: "yesterday" })).not.toBe("");
    expect(accepts({ start_date: "2026-01-01" })).toContain("api_token");
  });

  test.each(acceptance.acceptance_tests.spec.tests)(
    "CAT, test_match_expected: $spec_path",
    ({ spec_path: path }) => {
      expect(messagesOf(outcome.messages, "SPEC")[0]?.spec).toEqual(repositoryJson(path ?? ""));
    },
  );

  test.each(Object.entries(SPEC_RULES))("CAT, %s", (_name, rule) => {
    expect(rule(schema)).toEqual([]);
  });

  test("CAT, test_oauth_flow_parameters and test_oauth_is_default_method: there is no OAuth", () => {
    expect(messagesOf(outcome.messages, "SPEC")[0]?.spec).not.toHaveProperty("advanced_auth");
  });

  test("CAT, test_backward_compatibility: every configuration of Airbyte's own source-dixa stays valid", () => {
    const old = fc.record(
      {
        api_token: fc.string({ minLength: 1 }),
        start_date: fc
          .date({ min: new Date("2000-01-01"), max: new Date("2099-01-01"), noInvalidDate: true })
          .map((date) => date.toISOString().slice(0, 10)),
        batch_size: fc.integer({ min: 1, max: 31 }),
        a_field_of_an_older_version: fc.anything(),
      },
      { requiredKeys: ["api_token", "start_date"] },
    );
    fc.assert(
      fc.property(old, (config) => {
        expect(accepts(config)).toBe("");
      }),
      { numRuns: 100 },
    );
  });

  test("FAST, test_docker_image_build_and_spec: secrets are not below anyOf or allOf, which its log filter does not see", () => {
    const hidden = Array.from(objectsIn(schema), ([path, object]) =>
      object["airbyte_secret"] === true ? [path] : [],
    ).flat();
    expect(hidden).toEqual(["properties.api_token", "properties.privacy.properties.pseudonym_secret"]);
  });

  if (target.image !== undefined) {
    const image = target.image;
    test("CAT, test_image_labels", async () => {
      const { data } = metadataSchema.parse(parse(repositoryFile("metadata.yaml")));
      const { Labels: labels } = imageConfig.parse(await inspectImage(image));
      expect(labels["io.airbyte.name"]).toBe(data.dockerRepository);
      expect(labels["io.airbyte.version"]).toBe(data.dockerImageTag);
    });

    test("CAT, test_image_environment_variables", async () => {
      const { Env: env, Entrypoint: entrypoint } = imageConfig.parse(await inspectImage(image));
      expect(env).toContain(`AIRBYTE_ENTRYPOINT=${entrypoint.join(" ")}`);
    });
  }
});
