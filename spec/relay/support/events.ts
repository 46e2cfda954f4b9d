import { type WebhookEvent } from "../../../src/relay/store/store.ts";

export function webhookEvent(credentialId: string, eventId: string, receivedAt: number): WebhookEvent {
  return { credentialId, eventId, eventType: "CONVERSATION_CLOSED", receivedAt };
}
