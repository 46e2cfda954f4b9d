import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { request } from "../simulators/dixa/raw-answer.ts";
import { answerOf, examplesOf, loadDocument, type OpenApiDocument } from "./document.ts";
import { PATHS } from "./paths.ts";
import { problemWith, validator } from "./validator.ts";

/** Kinds of activities that the simulator makes up, since Dixa adds kinds. */
const KINDS_OF_TOMORROW = ["SomethingOfTomorrow", "ConversationSubjectUpdated"];

let document: OpenApiDocument;
let simulator: DixaSimulator;

beforeAll(async () => {
  document = await loadDocument();
  simulator = await startDixaSimulator({
    conversations: 120,
    limits: false,
    goneShare: 0,
    sampleWebhooks: 4,
    control: true,
  });
});

afterAll(async () => {
  await simulator.close();
});

async function get(path: string, query = ""): Promise<unknown> {
  const { status, body } = await request(`${simulator.apiUrl}${path}${query}`, {
    headers: { authorization: simulator.token },
  });
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(body.toString("utf8"));
}

/** The values that stand for a path's parameter, from the simulator's own account. */
function* addresses(path: string): Generator<string> {
  const lists: Record<string, Iterable<unknown>> = {
    "{teamId}": simulator.account.lists.teams.rows.map(({ id }) => id),
    "{queueId}": simulator.account.lists.queues.rows.map(({ id }) => id),
    "{scheduleId}": simulator.account.lists.business_hours.rows.map(({ id }) => id),
    "{articleId}": simulator.account.lists.knowledge_articles.rows.map(({ id }) => id),
    "{collectionId}": simulator.account.lists.knowledge_collections.rows.map(({ id }) => id),
    "{conversationId}": Array.from(simulator.expectedRows("conversations"), ({ id }) => id),
  };
  const parameter = /\{\w+\}/.exec(path)?.[0];
  if (parameter === undefined) yield path;
  else for (const value of lists[parameter] ?? []) yield path.replace(parameter, String(value));
}

function queriesOf(path: string): string[] {
  switch (path) {
    case "/v1/conversations/activitylog": {
      const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
      const { lo, hi } = simulator.dataset.span;
      const middle = (lo + hi) / 2;
      return [
        [lo, middle],
        [middle, hi],
      ].map(([from = 0, to = 0]) => `?pageLimit=10000&fromDatetime=${iso(from)}&toDatetime=${iso(to)}`);
    }
    case "/v1/tags":
      return ["?includeDeactivated=true", ""];
    case "/v1/conversations/flows":
      return ["", "?channel=Email", "?channel=Voicemail"];
    default:
      return [""];
  }
}

function withoutKindsOfTomorrow(answer: unknown): unknown {
  const { data, ...rest } = answer as { data: Record<string, unknown>[] };
  return { ...rest, data: data.filter(({ _type }) => !KINDS_OF_TOMORROW.includes(String(_type))) };
}

const paths = Object.values(PATHS).flat();

describe.each(paths)("%s", (path) => {
  test("the document's own examples keep its schema, as far as the two are known to differ", () => {
    const answer = answerOf(document, path);
    const validate = validator(document, answer.schema);
    const examples = examplesOf(answer);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(problemWith(validate, example)).toBeUndefined();
  });

  test("the simulator answers as the document says", async () => {
    const validate = validator(document, answerOf(document, path).schema);
    const own = Array.from(addresses(path));
    expect(own.length).toBeGreaterThan(0);
    for (const address of own) {
      for (const query of queriesOf(path)) {
        const answer = await get(address, query);
        const known = path.endsWith("activitylog") ? withoutKindsOfTomorrow(answer) : answer;
        expect([address, problemWith(validate, known)]).toEqual([address, undefined]);
      }
    }
  });
});

test("an answer that differs is found: a missing member, another type, an unknown variant, an unknown value", () => {
  const problem = (path: string, answer: unknown) =>
    problemWith(validator(document, answerOf(document, path).schema), answer);
  const agent = { id: "93b885ad-fe0d-3089-8df6-34904fd59f71", createdAt: "2020-12-16T09:41:43Z" };
  expect(problem("/v1/agents", { data: [{ ...agent, displayName: "A" }] })).toMatch(/email/);
  expect(problem("/v1/agents", { data: [{ ...agent, displayName: 1, email: "a@b.c" }] })).toMatch(/string/);
  expect(problem("/v1/agents", { data: [{ ...agent, createdAt: "yesterday" }] })).toBeDefined();
  expect(problem("/v1/contact-endpoints", { data: [{ address: "a", _type: "Pigeon" }] })).toMatch(/_type/);
  expect(problem("/v1/contact-endpoints", { data: [{ number: "1", _type: "EmailEndpoint" }] })).toMatch(
    /address/,
  );
  expect(problem("/v1/tags", { data: [{ id: agent.id, name: "a", state: "Gone" }] })).toMatch(/state/);
  expect(problem("/v1/tags", [])).toBeDefined();
});

test("without the document nothing passes for checked: the message names the variable", async () => {
  await expect(loadDocument("")).rejects.toThrow(
    /^Set DIXA_OPENAPI to the path .* Nothing has been checked\.$/,
  );
  await expect(loadDocument("/nowhere/at/all.json")).rejects.toThrow(/^DIXA_OPENAPI names .* can't be read/);
  await expect(loadDocument("package.json")).rejects.toThrow(/no OpenAPI document/);
});
