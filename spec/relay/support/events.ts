import { type WebhookEvent } from "../../../src/relay/store/event.ts";

export function webhookEvent(credentialId: string, eventId: string): WebhookEvent {
  return { credentialId, eventId, eventType: "CONVERSATION_CLOSED" };
}
