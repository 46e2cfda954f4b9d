import { z } from "zod";

/** What the relay keeps of a webhook: that something happened, not what. */
export interface WebhookEnvelope {
  /** Dixa's id of the event, the same in every delivery of it. */
  eventId: string;
  /** Such as `CONVERSATION_CLOSED`; any other word too, and `UNKNOWN` if there is none. */
  eventFqn: string;
  /** When it happened in Dixa, ms UTC, if Dixa says so. */
  happenedAt: number | undefined;
}

const LONGEST_EVENT_ID = 200;
const LONGEST_FQN = 100;
const UNKNOWN_FQN = "UNKNOWN";

/** Text that every store keeps as it is: PostgreSQL refuses U+0000, and half a surrogate pair would be altered. */
const STORABLE = /^[^\0\ud800-\udfff]+$/u;

/** All that a webhook must have. */
export const webhookBodySchema = z.looseObject({
  event_id: z
    .string({ error: "must be a string" })
    .min(1, { error: "must not be empty" })
    .max(LONGEST_EVENT_ID, { error: `must have at most ${LONGEST_EVENT_ID} characters` })
    .regex(STORABLE, { error: "must be well-formed text without U+0000" })
    // What of it can be written for readers in any language; no well-formed text holds a half of a pair.
    .meta({ pattern: "^[^\\u0000]*$" }),
});

const envelope = webhookBodySchema.extend({
  // Whatever Dixa makes of the rest one day, the event has happened.
  event_fqn: z.string().max(LONGEST_FQN).regex(STORABLE).catch(UNKNOWN_FQN),
  event_timestamp: z
    .string()
    .transform((text) => Date.parse(text))
    .refine((ms) => !Number.isNaN(ms))
    .optional()
    .catch(undefined),
});

export type EnvelopeResult = { ok: true; envelope: WebhookEnvelope } | { ok: false; message: string };

/** Reads a webhook's body: any JSON object with an `event_id` is one. */
export function parseEnvelope(body: Uint8Array): EnvelopeResult {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return { ok: false, message: "The body is not JSON." };
  }
  const parsed = envelope.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: "is not valid" };
    return {
      ok: false,
      message: path.length === 0 ? "The body is not a JSON object." : `${path.join(".")} ${message}.`,
    };
  }
  const { event_id, event_fqn, event_timestamp } = parsed.data;
  return {
    ok: true,
    envelope: { eventId: event_id, eventFqn: event_fqn, happenedAt: event_timestamp },
  };
}
