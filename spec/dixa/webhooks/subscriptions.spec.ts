import { afterEach, describe, expect, test } from "@jest/globals";

import { AuthorizedHost } from "../../../src/dixa/authorized-host.ts";
import { type SubscriptionRequest, Subscriptions } from "../../../src/dixa/webhooks/subscriptions.ts";
import { HttpClient } from "../../../src/http/client.ts";
import { systemClock } from "../../../src/http/clock.ts";
import { tokenBucketBudget } from "../../../src/http/rate-budget.ts";
import { nock } from "../../support/nock.ts";

const ORIGIN = "https://dev.dixa.io";
const ID = "beef0000-0000-4000-8000-000000000001";
const stored = {
  id: ID,
  name: "dixa-relay",
  subscribedEvents: ["ConversationClosed"],
  url: "https://relay.example.com/webhooks/dixa/7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e",
  headers: {},
  secretKey: "00ff",
  enabled: true,
  createdAt: "2026-01-01T00:00:00.000Z[GMT]",
};
const request: SubscriptionRequest = {
  name: "dixa-relay",
  url: stored.url,
  authorization: { _type: "NoAuth" },
  events: ["ConversationClosed"],
  enabled: true,
};

let http: HttpClient | undefined;

function subscriptions(): Subscriptions {
  http = new HttpClient({ clock: systemClock, userAgent: "spec", maxSockets: 1 });
  const budget = tokenBucketBudget({ perSecond: 1000, burst: 1000, clock: systemClock });
  return new Subscriptions(
    new AuthorizedHost({ http, origin: ORIGIN, budget, forms: ["token-1", "Bearer token-1"] }),
    { maxFailures: 2, maxBodyFailures: 1 },
  );
}

afterEach(() => {
  http?.close();
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});

describe("subscriptions", () => {
  test("are listed and read with the token", async () => {
    nock(ORIGIN, { reqheaders: { authorization: "token-1" } })
      .get("/v1/webhooks")
      .reply(200, { data: [stored] })
      .get(`/v1/webhooks/${ID}`)
      .reply(200, { data: stored });
    const api = subscriptions();
    expect(await api.list()).toEqual([stored]);
    expect(await api.get(ID)).toMatchObject({ secretKey: "00ff", enabled: true });
  });

  test("are created with everything that any age of Dixa's API wants", async () => {
    nock(ORIGIN)
      .post("/v1/webhooks", { ...request, customHeaders: {} })
      .reply(201, { data: stored });
    expect(await subscriptions().create(request)).toMatchObject({ id: ID, secretKey: "00ff" });
  });

  test("are changed and deleted", async () => {
    nock(ORIGIN)
      .patch(`/v1/webhooks/${ID}`, request as unknown as nock.DataMatcherMap)
      .reply(200, { data: { ...stored, enabled: false } })
      .delete(`/v1/webhooks/${ID}`)
      .reply(204);
    const api = subscriptions();
    expect(await api.update(ID, request)).toMatchObject({ enabled: false });
    await api.delete(ID);
  });

  test("are not created a second time when the answer to the first got lost", async () => {
    nock(ORIGIN).post("/v1/webhooks").reply(502, "bad gateway");
    await expect(subscriptions().create(request)).rejects.toMatchObject({
      name: "HttpStatusError",
      status: 502,
    });
  });

  test("are created with the next form of the token when the first is refused", async () => {
    nock(ORIGIN)
      .post("/v1/webhooks")
      .matchHeader("authorization", "token-1")
      .reply(401, { message: "Unauthorized" })
      .post("/v1/webhooks")
      .matchHeader("authorization", "Bearer token-1")
      .reply(201, { data: stored });
    expect(await subscriptions().create(request)).toMatchObject({ id: ID });
  });

  test("that are no subscriptions are an error without what was answered in it", async () => {
    nock(ORIGIN)
      .get(`/v1/webhooks/${ID}`)
      .reply(200, { data: { secretKey: "00ff" } });
    const error: unknown = await subscriptions()
      .get(ID)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "BodyError" });
    expect((error as Error).message).toContain("data.id is missing");
    expect((error as Error).message).not.toContain("00ff");
  });
});

describe("the delivery status", () => {
  const answer = (data: unknown) => {
    nock(ORIGIN).get(`/v1/webhooks/${ID}/delivery-status`).reply(200, { data });
    return subscriptions().deliveryStatus(ID);
  };

  test("is read of each event", async () => {
    const detail = {
      deliveryTimestamp: "2026-01-01T00:00:00Z",
      success: false,
      responseText: "Service Unavailable",
    };
    expect(
      await answer([
        {
          event: "ConversationClosed",
          deliveryStatus: { ...detail, responseCode: 503, _type: "DeliveryDetail" },
        },
        { event: "ConversationRated", deliveryStatus: { ...detail, responseCode: "503" } },
        { event: "ConversationOpen", deliveryStatus: { _type: "NoRecentDelivery" } },
        { event: "ConversationPending", deliveryStatus: {} },
      ]),
    ).toEqual([
      ...["ConversationClosed", "ConversationRated"].map((event) => ({
        event,
        last: { at: "2026-01-01T00:00:00Z", succeeded: false, status: "503", text: "Service Unavailable" },
      })),
      { event: "ConversationOpen", last: undefined },
      { event: "ConversationPending", last: undefined },
    ]);
  });

  test.each([
    ["an event without a status", [{ event: "ConversationClosed" }]],
    ["a status without an event", [{ deliveryStatus: { success: true } }]],
    [
      "a status of another kind",
      [{ event: "ConversationClosed", deliveryStatus: { _type: "DeliveryPaused" } }],
    ],
    [
      "a success that is no yes or no",
      [{ event: "ConversationClosed", deliveryStatus: { success: "false" } }],
    ],
    [
      "a detail without its success",
      [{ event: "ConversationClosed", deliveryStatus: { _type: "DeliveryDetail" } }],
    ],
    ["a detail of neither kind", [{ event: "ConversationClosed", deliveryStatus: { responseCode: 500 } }]],
    ["no list", { ConversationClosed: { success: false } }],
  ])("of an unknown shape is an error, not a webhook that fares well: %s", async (_, data) => {
    await expect(answer(data)).rejects.toThrow(/delivery-status answered something unexpected/);
  });
});
