const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const TOKEN = "webhook-token-0123456789";

/**
 * Configures a relay without a file.
 *
 * @param listen host and port; port 0 is one of the system's choice
 */
export function relayEnvironment(listen: string): Record<string, string> {
  return {
    RELAY_LISTEN: listen,
    RELAY_ADMIN_TOKEN: "admin-token-0123456789",
    // Nothing listens there: the relay must take webhooks all the same.
    AIRBYTE_URL: "http://127.0.0.1:9/v1",
    AIRBYTE_CLIENT_ID: "id",
    AIRBYTE_CLIENT_SECRET: "client-secret-0123456789",
    DIXA_CREDENTIAL_ID: CREDENTIAL,
    DIXA_WEBHOOK_AUTH: "bearer",
    DIXA_WEBHOOK_TOKEN: TOKEN,
  };
}

/** Delivers one event to such a relay, and gives the status of its answer. */
export async function deliverTo(address: string): Promise<number> {
  const { status } = await fetch(`${address}/webhooks/dixa/${CREDENTIAL}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({
      event_id: "e0000000-0000-4000-8000-000000000001",
      event_fqn: "CONVERSATION_CLOSED",
      event_version: "1",
      event_timestamp: "2026-01-01T00:00:00.000Z",
      data: {},
    }),
  });
  return status;
}

/** The address in the first line of the relay's log that has one. */
export const LISTENING = /listening on (http:\/\/[\d.]+:\d+)/;
