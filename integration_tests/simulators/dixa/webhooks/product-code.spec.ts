import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import { expect, test } from "@jest/globals";

import { AuthorizedHost } from "../../../../src/dixa/authorized-host.ts";
import { parseEnvelope } from "../../../../src/dixa/webhooks/envelope.ts";
import { API_EVENTS, toFqn } from "../../../../src/dixa/webhooks/events.ts";
import { verifySignature } from "../../../../src/dixa/webhooks/signature.ts";
import { Subscriptions } from "../../../../src/dixa/webhooks/subscriptions.ts";
import { HttpClient } from "../../../../src/http/client.ts";
import { systemClock } from "../../../../src/http/clock.ts";
import { tokenBucketBudget } from "../../../../src/http/rate-budget.ts";
import { startDixaSimulator } from "../index.ts";
import { fqnOf } from "./events.ts";

// The simulator signs, spells and serves with code of its own; here both sides meet.

test("a subscription that the product makes is delivered to, and what arrives is accepted", async () => {
  const simulator = await startDixaSimulator({ conversations: 20, limits: false });
  const { token, apiUrl: origin } = simulator;
  const http = new HttpClient({ clock: systemClock, userAgent: "spec", maxSockets: 1 });
  const budget = tokenBucketBudget({ perSecond: 1000, burst: 1000, clock: systemClock });
  const api = new Subscriptions(new AuthorizedHost({ http, origin, budget, forms: [token] }));
  const bodies: { body: Buffer; header: string }[] = [];
  const receiver = createServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push({ body, header: String(request.headers["x-dixa-signature"]) });
      response.writeHead(202).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  try {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    const event = "ConversationClosed";
    const wish = { name: "relay", url, authorization: { _type: "NoAuth" as const }, events: [event] };
    const { id, secretKey = "" } = await api.create({ ...wish, enabled: false });
    expect(await api.deliveryStatus(id)).toEqual([{ event, last: undefined }]);
    await api.update(id, { ...wish, enabled: true });
    expect(await api.list()).toEqual([await api.get(id)]);

    const conversation = simulator.control.conversationId(3);
    await simulator.control.closeConversation(conversation).delivered;
    const [{ body, header }] = bodies as [(typeof bodies)[number]];
    const now = Date.now();
    expect(verifySignature({ header, body, secrets: [secretKey], now })).toMatchObject({ valid: true });
    expect(parseEnvelope(body)).toMatchObject({ ok: true, envelope: { eventFqn: "CONVERSATION_CLOSED" } });
    expect(await api.deliveryStatus(id)).toMatchObject([{ event, last: { succeeded: true, status: "202" } }]);
    await api.delete(id);
    expect(await api.list()).toEqual([]);
  } finally {
    http.close();
    receiver.close();
    receiver.closeAllConnections();
    await simulator.close();
  }
});

test("both spell every event that Dixa has alike", () => {
  expect(API_EVENTS.map((name) => fqnOf(name))).toEqual(API_EVENTS.map((name) => toFqn(name)));
});
