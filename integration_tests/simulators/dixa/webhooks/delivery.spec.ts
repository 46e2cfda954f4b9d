import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { type DixaSimulator, type DixaSimulatorOptions, startDixaSimulator } from "../index.ts";
import { request } from "../raw-answer.ts";
import { signature } from "./delivery.ts";

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
}

interface Subscription {
  id: string;
  name: string;
  url: string;
  subscribedEvents: string[];
  headers: Record<string, string>;
  secretKey: string;
  enabled: boolean;
}

let simulator: DixaSimulator;
let receiver: Server;
let received: Delivery[];
/** Statuses that the receiver answers with, one after the other; then 202. */
let statuses: number[];

beforeEach(async () => {
  received = [];
  statuses = [];
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 202).end("noted");
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
});

afterEach(async () => {
  await simulator.close();
  receiver.close();
  receiver.closeAllConnections();
});

async function start(options: DixaSimulatorOptions = {}): Promise<void> {
  simulator = await startDixaSimulator({ conversations: 100, limits: false, ...options });
}

async function api(
  method: string,
  path: string,
  json?: unknown,
): Promise<{ status: number; data: unknown; message: unknown }> {
  const headers = { authorization: simulator.token };
  const { status, body } = await request(`${simulator.apiUrl}/v1/webhooks${path}`, { method, headers, json });
  const parsed = JSON.parse(body.toString("utf8") || "{}") as { data?: unknown; message?: unknown };
  return { status, data: parsed.data, message: parsed.message };
}

function receiverUrl(): string {
  return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
}

async function subscribe(more: Record<string, unknown> = {}): Promise<Subscription> {
  const { status, data } = await api("POST", "", {
    name: "relay",
    url: receiverUrl(),
    authorization: { _type: "NoAuth" },
    events: ["ConversationClosed", "ConversationMessageAdded"],
    ...more,
  });
  expect(status).toBe(201);
  return data as Subscription;
}

function eventsOf(deliveries: readonly Delivery[]): { event_id: string; event_fqn: string; data: never }[] {
  return deliveries.map(
    ({ body }) => JSON.parse(body) as { event_id: string; event_fqn: string; data: never },
  );
}

describe("/v1/webhooks", () => {
  test("a subscription is made, listed, changed in parts and deleted", async () => {
    await start();
    const made = await subscribe({ authorization: { _type: "TokenAuth", value: "abc" } });
    expect(made).toMatchObject({
      name: "relay",
      subscribedEvents: ["ConversationClosed", "ConversationMessageAdded"],
      headers: { Authorization: "Bearer abc" },
      enabled: true,
    });
    expect(made.secretKey).toMatch(/^[0-9a-f]{64}$/);
    expect((await api("GET", "")).data).toEqual([made]);
    const { status, data } = await api("PATCH", `/${made.id}`, { enabled: false });
    expect(status).toBe(200);
    expect(data).toMatchObject({ ...made, enabled: false, updatedAt: expect.any(String) as unknown });
    expect((await api("GET", `/${made.id}`)).data).toEqual(data);
    expect((await api("DELETE", `/${made.id}`)).status).toBe(204);
    expect((await api("GET", `/${made.id}`)).status).toBe(404);
    expect((await api("GET", "")).data).toEqual([]);
  });

  test.each([
    ["no name", { name: undefined }, /name/],
    ["no address", { url: "relay" }, /url/],
    ["no authorization", { authorization: undefined }, /authorization/],
    ["an authorization that is none", { authorization: { _type: "Magic" } }, /authorization/],
  ])("%s: 400", async (_name, fault, message) => {
    await start();
    const good = { name: "a", url: receiverUrl(), authorization: { _type: "NoAuth" } };
    const answer = await api("POST", "", { ...good, ...fault });
    expect(answer.status).toBe(400);
    expect(answer.message).toMatch(message);
    expect((await api("POST", "", good)).status).toBe(201);
  });

  test("it is closed to a wrong token", async () => {
    await start();
    const { status } = await request(`${simulator.apiUrl}/v1/webhooks`, {
      headers: { authorization: "wrong" },
    });
    expect(status).toBe(401);
  });
});

describe("deliveries", () => {
  test("a closed conversation is told, signed, to those who want to know, and the row is there", async () => {
    await start();
    const wanted = await subscribe();
    await subscribe({ enabled: false });
    await subscribe({ events: ["ConversationRated"] });
    const id = simulator.control.conversationId(7);
    const { row, delivered } = simulator.control.closeConversation(id);
    expect(await delivered).toHaveLength(1);
    expect(received).toHaveLength(1);
    const [{ headers, body }] = received as [Delivery];
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "x-dixa-subscription-id": wanted.id,
    });
    expect(headers.authorization).toBeUndefined();
    const [, at = ""] = /^t=(\d+),v1=[0-9a-f]{64}$/.exec(String(headers["x-dixa-signature"])) ?? [];
    expect(signature(wanted.secretKey, body, Number(at))).toBe(headers["x-dixa-signature"]);
    expect(JSON.parse(body)).toMatchObject({
      event_fqn: "CONVERSATION_CLOSED",
      event_version: "1",
      organization: { name: "Example Shop" },
      data: { conversation: { csid: id, status: "CLOSED" } },
    });
    expect(JSON.parse(simulator.dataset.conversation(id)?.text ?? "")).toEqual(row);
    expect(row).toMatchObject({ id, status: "closed", closed_at: row["updated_at"] });
  });

  test.each([
    [{ _type: "BasicAuth", username: "dixa", password: "pass:word" }, "Basic ZGl4YTpwYXNzOndvcmQ="],
    [{ _type: "TokenAuth", value: "t0ken" }, "Bearer t0ken"],
  ])("they carry the authorization that the subscription names: %j", async (authorization, header) => {
    await start();
    await subscribe({ authorization, customHeaders: { "X-Own": "1" } });
    await simulator.control.emitWebhook("ConversationClosed", simulator.control.conversationId(0));
    expect(received[0]?.headers).toMatchObject({ authorization: header, "x-own": "1" });
  });

  test("a message and a conversation are added, and told", async () => {
    await start();
    await subscribe({ events: ["ConversationMessageAdded", "ConversationCreated"] });
    const { row, delivered } = simulator.control.addConversation();
    await delivered;
    const csid = Number(row["id"]);
    const message = simulator.control.addMessage(csid, "Hello?");
    await message.delivered;
    expect(eventsOf(received).map(({ event_fqn }) => event_fqn)).toEqual([
      "CONVERSATION_CREATED",
      "CONVERSATION_MESSAGE_ADDED",
    ]);
    expect(eventsOf(received)[1]).toMatchObject({ data: { text: "Hello?", conversation: { csid } } });
    const at = Number(message.row["updated_at"]);
    const rows = [...simulator.dataset.streams.messages.truth({ lo: at, hi: at + 1 })];
    expect(rows).toHaveLength(1);
    expect(eventsOf(received)[1]).toMatchObject({ data: { message_id: rows[0]?.id } });
    expect(simulator.dataset.conversation(csid)?.cursor).toBe(at);
  });

  test("a failed delivery is made again, signed anew, with the same event", async () => {
    await start({ webhooks: { retries: 2, retryDelayMs: 5 } });
    const { secretKey } = await subscribe();
    statuses = [503, 500];
    const { delivered } = simulator.control.closeConversation(simulator.control.conversationId(0));
    expect(await delivered).toMatchObject([{ deliveryDetail: { success: true, responseCode: 202 } }]);
    expect(received).toHaveLength(3);
    expect(new Set(eventsOf(received).map(({ event_id }) => event_id)).size).toBe(1);
    for (const { headers, body } of received) {
      const at = Number(/^t=(\d+)/.exec(String(headers["x-dixa-signature"]))?.[1]);
      expect(headers["x-dixa-signature"]).toBe(signature(secretKey, body, at));
    }
  });

  test("duplicates are one event delivered twice, and jitter mixes the order", async () => {
    await start({ webhooks: { duplicateRate: 1, jitterMs: 40 } });
    await subscribe();
    const { control, webhooks } = simulator;
    for (let i = 0; i < 20; i++) control.closeConversation(control.conversationId(i));
    await webhooks.settled();
    expect(received).toHaveLength(40);
    const ids = eventsOf(received).map(({ event_id }) => event_id);
    expect(new Set(ids).size).toBe(20);
    const csids = eventsOf(received).map(
      ({ data }) => (data as { conversation: { csid: number } }).conversation.csid,
    );
    const inOrder = Array.from({ length: 20 }, (_, i) => control.conversationId(i));
    expect([...new Set(csids)]).not.toEqual(inOrder);
    expect([...new Set(csids)].sort()).toEqual([...inOrder].sort());
  });

  test("their status and latest payloads are shown", async () => {
    await start();
    const { id } = await subscribe();
    const event = "ConversationClosed";
    expect((await api("GET", `/${id}/delivery-status`)).data).toEqual([
      { event, deliveryStatus: { _type: "NoRecentDelivery" } },
      { event: "ConversationMessageAdded", deliveryStatus: { _type: "NoRecentDelivery" } },
    ]);
    statuses = [503];
    const [entry] = await simulator.control.emitWebhook(event, simulator.control.conversationId(3));
    const detail = { _type: "DeliveryDetail", success: false, responseCode: 503, responseText: "noted" };
    expect((await api("GET", `/${id}/delivery-status`)).data).toMatchObject([
      { event, deliveryStatus: detail },
      {},
    ]);
    const { data } = await api("GET", `/${id}/delivery-status/logs/${event}`);
    expect(data).toMatchObject([{ deliveryDetail: detail, payload: entry?.payload }]);
    expect(entry?.payload).toBe(received[0]?.body);
    await simulator.control.emitWebhook(event, simulator.control.conversationId(3));
    expect((await api("GET", `/${id}/delivery-status`)).data).toMatchObject([
      { event, deliveryStatus: { success: true, responseCode: 202 } },
      {},
    ]);
  });

  test("a receiver that is not there is a failed delivery, and closing gives up the rest", async () => {
    await start({ webhooks: { retries: 1000, retryDelayMs: 60_000 } });
    await subscribe({ url: "http://127.0.0.1:9/" });
    const { delivered } = simulator.control.closeConversation(simulator.control.conversationId(0));
    await simulator.close();
    for (const { deliveryDetail } of await delivered) {
      expect(deliveryDetail).toMatchObject({ success: false, responseCode: 0 });
    }
  });
});
