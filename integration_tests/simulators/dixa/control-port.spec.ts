import { afterEach, expect, test } from "@jest/globals";

import { type DixaSimulator, startDixaSimulator } from "./index.ts";
import { request } from "./raw-answer.ts";

let simulator: DixaSimulator;

afterEach(async () => {
  await simulator.close();
});

async function start(control: boolean): Promise<void> {
  simulator = await startDixaSimulator({ conversations: 50, limits: false, control });
}

async function act(
  action: string,
  json?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const method = json === undefined ? "GET" : "POST";
  const { status, body } = await request(`${simulator.apiUrl}/__control/${action}`, { method, json });
  return { status, body: JSON.parse(body.toString("utf8")) as Record<string, unknown> };
}

test("another process changes rows, by id or by place", async () => {
  await start(true);
  const id = simulator.control.conversationId(4);
  const at = Date.UTC(2030, 0, 1);
  expect((await act("touch", { id, at, changes: { subject: "new" } })).body).toMatchObject({
    id,
    updated_at: at,
    subject: "new",
  });
  expect((await act("close", { index: 4, at: at + 1 })).body).toMatchObject({ id, status: "closed" });
  const opened = (await act("conversation", { at: at + 2 })).body;
  const spoken = (await act("message", { id: opened["id"], text: "Hi", at: at + 3 })).body;
  expect(spoken).toMatchObject({ id: opened["id"], last_message_created_at: at + 3 });
  const { streams } = simulator.dataset;
  const span = { lo: at, hi: at + 10 };
  expect(Array.from(streams.conversations.truth(span), (row) => row.cursor)).toEqual([at + 1, at + 3]);
  expect(streams.messages.count(span)).toBe(1);
});

test("it puts rows into a list and takes them out, and the pages of the list show it", async () => {
  await start(true);
  const headers = { authorization: simulator.token };
  const idsOf = async (path: string) => {
    const { body } = await request(`${simulator.apiUrl}${path}`, { headers });
    const { data } = JSON.parse(body.toString("utf8")) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };
  const before = await idsOf("/v1/teams");
  const inserted = (await act("insert", { list: "teams", at: 1 })).body;
  expect(await idsOf("/v1/teams")).toEqual([before[0], inserted["id"], ...before.slice(1)]);
  expect((await act("insert", { list: "teams", at: 0, row: { id: "own", name: "Own" } })).body).toEqual({
    id: "own",
    name: "Own",
  });
  expect((await act("remove", { list: "teams", at: 2 })).body).toEqual(inserted);
  expect(await idsOf("/v1/teams")).toEqual(["own", ...before]);
  expect((await act("remove", { list: "teams", at: 99 })).body).toEqual({});

  const customers = await idsOf("/v1/endusers?pageLimit=2");
  await act("remove", { list: "end_users" });
  expect((await idsOf("/v1/endusers?pageLimit=2"))[0]).toBe(customers[1]);
});

test("it refuses paths, children of a list too, until they may be read again", async () => {
  await start(true);
  const headers = { authorization: simulator.token };
  const statusOf = async (path: string) => (await request(`${simulator.apiUrl}${path}`, { headers })).status;
  const team = String(simulator.account.lists.teams.rows[0]?.["id"]);
  const paths = ["/v1/teams", `/v1/teams/${team}/agents`, "/v1/queues"];
  const statuses = () => Promise.all(paths.map(statusOf));
  expect(await statuses()).toEqual([200, 200, 200]);
  await act("deny", { path: "/v1/teams", status: 403 });
  await act("deny", { path: "/v1/teams/*/agents", status: 404 });
  expect(await statuses()).toEqual([403, 404, 200]);
  await act("deny", { path: "/v1/teams" });
  expect(await statuses()).toEqual([200, 404, 200]);
});

test("it sets faults, sends webhooks and shows the requests so far, its own left out", async () => {
  await start(true);
  const { subscriptions } = simulator;
  subscriptions.create({
    name: "a",
    url: `${simulator.apiUrl}/hook`,
    authorization: { _type: "NoAuth" },
    events: ["TypingStarted"],
  });
  const emitted = await act("emit", { event: "TypingStarted", eventId: "e-1" });
  expect(emitted.body).toMatchObject([{ eventId: "e-1", deliveryDetail: { responseCode: 401 } }]);
  await act("faults", { next: ["503"], rate: 1, kinds: ["504"] });
  const headers = { authorization: simulator.token };
  for (const status of [503, 504]) {
    expect((await request(`${simulator.apiUrl}/v1/organization`, { headers })).status).toBe(status);
  }
  expect((await act("requests")).body).toMatchObject([
    { path: "/hook", status: 401 },
    { path: "/v1/organization", fault: "503" },
    { path: "/v1/organization", fault: "504" },
  ]);
});

test.each([
  ["nothing", {}, /there is no action "nothing": touch, close/],
  ["touch", { id: 1 }, /there is no conversation 1/],
  ["touch", { id: "x" }, /expected number/],
  ["faults", { next: ["nonsense"] }, /Invalid option/],
  ["insert", { list: "nonsense" }, /Invalid option/],
  ["remove", { list: "teams", at: -1 }, /expected number to be >=0/],
  ["deny", { path: "/v1/teams", status: 500 }, /Invalid option/],
])("%s with %j: 400", async (action, body, message) => {
  await start(true);
  const answer = await act(action, body);
  expect(answer.status).toBe(400);
  expect(answer.body["message"]).toMatch(message);
});

test("it is not there unless it is asked for", async () => {
  await start(false);
  const { status } = await request(`${simulator.apiUrl}/__control/requests`);
  expect(status).toBe(401);
});
