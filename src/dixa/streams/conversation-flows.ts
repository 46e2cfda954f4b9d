import { z } from "zod";

import { text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const flow = z.object({
  id: text("none", "The flow's id"),
  name: text("none", "The flow's name for people"),
  channel: text("none", "Channel of the flow, for example `PstnPhone`"),
  contactEndpointId: text("none", "Mailbox, number or widget that it begins at, as in `contact_endpoints`"),
});

/** The channels that the endpoint takes, by Dixa's OpenAPI document; flows of others can't be asked for. */
const FLOW_CHANNELS = [
  "WhatsApp",
  "Voicemail",
  "WidgetChat",
  "FacebookMessenger",
  "Email",
  "ContactForm",
  "Callback",
  "PstnPhone",
  "Messenger",
];

/** Flows: `GET /v1/conversations/flows` of the Dixa API, once for each channel: without one it gives those of calls only. */
export const conversationFlows: ListedStream = {
  kind: "listed",
  name: "conversation_flows",
  description: "Flows that lead a conversation from its channel to a queue",
  schema: flow,
  primaryKey: ["id"],
  list: { path: "/v1/conversations/flows", query: { channel: "{channel}" } },
  parents: { values: FLOW_CHANNELS.map((channel) => ({ channel })) },
};
