import { z } from "zod";

import { byChannel, flag, integer, text, texts } from "./fields.ts";
import { type List, type ListedStream } from "./stream.ts";

const seconds = (description: string) =>
  integer(`${description}, as Dixa counts it: its examples look like seconds`);

const thresholds = z.object({
  SlaTimeLimit: integer("Time within which a conversation should be answered"),
  SlaPercentage: integer("Share of conversations that should be"),
  AvailableAgents: integer("Fewest agents that should be available"),
  LongestWait: integer("Longest wait that is fine"),
  WaitingConversations: integer("Most conversations that may wait"),
});

const usages = z.object({
  queueId: text("none", "Id of the queue"),
  usages: byChannel("What leads into the queue, by channel", (channel) =>
    texts("none", `Widgets, numbers or mailboxes of the channel ${channel}`),
  ),
});

/** Names and types: Dixa's OpenAPI document. */
const queue = z.object({
  id: text("none", "The queue's id"),
  name: text("none", "The queue's name for people"),
  isDefault: flag("Whether conversations without a queue of their own go here"),
  organizationId: text("none", "Id of the organization"),
  queueThresholds: thresholds.describe("When the queue counts as in trouble"),
  slaCalculationMethod: text("none", "How its service level is counted"),
  offerTimeout: seconds("How long a conversation is offered to one agent"),
  offeringAlgorithm: text("none", "Which agents are offered a conversation, and in what order"),
  memberListType: text("none", "Whether members are listed or found by skill: `Default` or `SkillBased`"),
  usages: usages.describe("What leads into the queue"),
  wrapupTimeout: seconds("How long an agent has to wrap up"),
  priority: integer("Place among the queues"),
  offerAbandonedConversations: flag("Whether conversations that customers left are offered"),
  doNotOfferTimeouts: byChannel("How long conversations of a channel are held back", (channel) =>
    seconds(`How long conversations of the channel ${channel} are held back`),
  ),
  isDoNotOfferEnabled: flag("Whether conversations are held back at all"),
  isPreferredAgentEnabled: flag("Whether the agent who knows the customer is asked first"),
  preferredAgentTimeouts: byChannel("How long that agent is waited for, by channel", (channel) =>
    seconds(`How long that agent is waited for on the channel ${channel}`),
  ),
  preferredAgentOfflineTimeout: seconds("How long that agent is waited for when offline"),
  personalAgentOfflineTimeout: seconds("How long a personal agent is waited for when offline"),
  isRestricted: flag("Whether only some agents may see the queue"),
});

/** The list of queues, which other streams go through too. */
export const queueList: List = { path: "/v1/queues" };

/** Queues: `GET /v1/queues` of the Dixa API. */
export const queues: ListedStream = {
  kind: "listed",
  name: "queues",
  description: "Queues, with who is offered what and for how long",
  schema: queue,
  primaryKey: ["id"],
  list: queueList,
};
