import { z } from "zod";

import { byId } from "./by-id.ts";
import { integer, text } from "./fields.ts";
import { queueList } from "./queues.ts";
import { type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const member = z.object({
  queueId: text("none", "Id of the queue, as in `queues`; added by this connector"),
  agentId: text("none", "Id of the agent, as in `agents`"),
  priority: integer("The agent's place among the members"),
});

/** Members of queues: `GET /v1/queues/{queueId}/members` of the Dixa API. */
export const queueMembers: ListedStream = {
  kind: "listed",
  name: "queue_members",
  description: "Which agent is in which queue, and with what priority",
  schema: member,
  primaryKey: ["queueId", "agentId"],
  list: { path: "/v1/queues/{queueId}/members" },
  parents: { list: queueList, parameters: byId("queueId") },
  added: ["queueId"],
};
