import { z } from "zod";

import { type FieldKind, ofKind } from "../personal.ts";

/** A text, with the kind of personal data that it is. */
export const text = (kind: FieldKind, description: string) => ofKind(kind, z.string()).describe(description);

/** A list of texts of one kind. */
export const texts = (kind: FieldKind, description: string) =>
  ofKind(kind, z.array(z.string())).describe(description);

/** An object of whatever keys, all of one kind. */
export const map = (kind: FieldKind, description: string) =>
  ofKind(kind, z.looseObject({})).describe(description);

/** A whole number; no kind of personal data is one. */
export const integer = (description: string) => ofKind("none", z.int()).describe(description);

export const flag = (description: string) => ofKind("none", z.boolean()).describe(description);

/** An instant as the Exports API writes it. */
export const milliseconds = (what: string) => integer(`${what}, in milliseconds since the Unix epoch (UTC)`);

/** An instant as the Dixa API writes it; leaves as RFC 3339, whatever of Dixa's shapes it came in. */
export const dateTime = (description: string) =>
  ofKind("none", z.iso.datetime()).meta({ description, airbyte_type: "timestamp_with_timezone" });

/** The channels of the Dixa API, as its OpenAPI document spells them. */
const CHANNELS = [
  "WhatsApp",
  "Voicemail",
  "WidgetChat",
  "FacebookMessenger",
  "Twitter",
  "Email",
  "ContactForm",
  "Callback",
  "PstnPhone",
  "Sms",
  "Messenger",
] as const;

/** An object with one member a channel. */
export const byChannel = (description: string, member: (channel: string) => z.ZodType) =>
  z.object(Object.fromEntries(CHANNELS.map((channel) => [channel, member(channel)]))).describe(description);
