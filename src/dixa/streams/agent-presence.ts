import { z } from "zod";

import { dateTime, text, texts } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const presence = z.object({
  userId: text("none", "Id of the agent, as in `agents`"),
  requestTime: dateTime("When Dixa looked: the time of the snapshot"),
  lastSeen: dateTime("When the agent was last seen"),
  presenceStatus: text("none", "What the agent says: `Working` or `Away`"),
  connectionStatus: text("none", "Whether the agent's screen is there: `Online` or `Offline`"),
  activeChannels: texts("none", "Channels on which the agent takes conversations"),
});

/** Presence of agents: `GET /v1/agents/presence` of the Dixa API, which answers with the bare list. */
export const agentPresence: ListedStream = {
  kind: "listed",
  name: "agent_presence",
  description: "Who works at the moment of the sync, and on which channels: one snapshot a sync",
  schema: presence,
  primaryKey: ["userId", "requestTime"],
  list: { path: "/v1/agents/presence", rows: [] },
};
