import { describe, expect, test } from "@jest/globals";

import { signature } from "./delivery.ts";
import { fqnOf, webhookEvent } from "./events.ts";

test("the signature is the one of a vector that was computed by other means", () => {
  const key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  const body =
    '{"event_id":"e0000000-0000-4000-8000-000000000001","event_fqn":"CONVERSATION_CREATED","event_version":"1",' +
    '"event_timestamp":"2025-01-01T11:01:00.000Z","organization":{"id":"f0000000-0000-4000-8000-000000000000",' +
    '"name":"Example Org"},"data":{"conversation":{"csid":1001,"channel":"EMAIL","status":"OPEN",' +
    '"direction":"INBOUND","queue":{"id":"22222222-2222-4222-8222-222222222222","name":"Support"},' +
    '"contact_point":"support@email.dixa.io","requester":{"id":"11111111-1111-4111-8111-111111111111",' +
    '"name":"Ada Example","email":"ada@example.org","phone":null,"roles":[],"user_type":"Contact"},' +
    '"assignee":null,"subject":"Where is my refund?","tags":[],"created_at":"2025-01-01T11:00:00.123Z"}}}';
  expect(signature(key, body, 1_735_729_260_000)).toBe(
    "t=1735729260000,v1=762c42697d8e9cfa6ced87450a37703c8fd78436198db2c556a003b87c782309",
  );
});

test.each([
  ["ConversationClosed", "CONVERSATION_CLOSED"],
  ["ConversationPendingExpired", "CONVERSATION_PENDING_EXPIRED"],
  ["SLAEvaluationBreached", "SLA_EVALUATION_BREACHED"],
  ["AgentBannedIp", "AGENT_BANNED_IP"],
  ["TypingStarted", "TYPING_STARTED"],
])("%s is %s on the wire", (event, fqn) => {
  expect(fqnOf(event)).toBe(fqn);
});

describe("payloads", () => {
  const row = {
    id: 1001,
    initial_channel: "widgetchat",
    status: "open",
    direction: "inbound",
    queue_id: null,
    queue_name: null,
    requester_id: "r",
    requester_name: "Ada",
    requester_email: "ada@example.org",
    requester_phone_number: null,
    assignee_id: null,
    tags_info: [{ id: "t", name: "vip", is_deactivated: false }],
    created_at: Date.UTC(2025, 0, 1),
  };

  test("a conversation without queue and assignee has null for them", () => {
    const { data, event_timestamp } = webhookEvent("ConversationPending", row, Date.UTC(2025, 0, 2));
    expect(event_timestamp).toBe("2025-01-02T00:00:00.000Z");
    expect(data).toEqual({
      conversation: {
        csid: 1001,
        channel: "WIDGET_CHAT",
        status: "OPEN",
        direction: "INBOUND",
        queue: null,
        contact_point: "",
        requester: {
          id: "r",
          name: "Ada",
          email: "ada@example.org",
          phone: null,
          roles: [],
          user_type: "Contact",
        },
        assignee: null,
        subject: null,
        tags: row.tags_info,
        created_at: "2025-01-01T00:00:00.000Z",
      },
    });
  });

  test.each([
    ["ConversationMessageAdded", ["message_id", "text", "author", "channel", "content", "attachments"]],
    ["ConversationNoteAdded", ["note_id", "text", "created_at", "author"]],
    ["ConversationTagAdded", ["tag", "author"]],
    ["ConversationRated", ["score", "comment", "type", "agent"]],
    ["ConversationPendingExpired", ["pendingByUser"]],
    ["ConversationAbandoned", ["queue"]],
  ])("%s tells more than its conversation", (event, members) => {
    const { data } = webhookEvent(event, row, 0, { extra: 1 });
    expect(Object.keys(data)).toEqual(expect.arrayContaining(["conversation", "extra", ...members]));
  });
});
