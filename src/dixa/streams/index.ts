import { activityLogs } from "./activity-logs.ts";
import { agentPresence } from "./agent-presence.ts";
import { agents } from "./agents.ts";
import { businessHours } from "./business-hours.ts";
import { contactEndpoints } from "./contact-endpoints.ts";
import { conversationFlows } from "./conversation-flows.ts";
import { conversationMessages } from "./conversation-messages.ts";
import { conversationNotes } from "./conversation-notes.ts";
import { conversationRatings } from "./conversation-ratings.ts";
import { conversations } from "./conversations.ts";
import { customAttributes } from "./custom-attributes.ts";
import { endUsers } from "./end-users.ts";
import { knowledgeArticles } from "./knowledge-articles.ts";
import { knowledgeCollections } from "./knowledge-collections.ts";
import { messages } from "./messages.ts";
import { organization } from "./organization.ts";
import { queueMembers } from "./queue-members.ts";
import { queues } from "./queues.ts";
import { type DixaStream, type FollowedStream, type ListedStream, type WindowedStream } from "./stream.ts";
import { tags } from "./tags.ts";
import { teamMembers } from "./team-members.ts";
import { teams } from "./teams.ts";
import { templates } from "./templates.ts";
import { webhooks } from "./webhooks.ts";

/** The streams that are read by time. */
export const windowedStreams: readonly WindowedStream[] = [conversations, messages, activityLogs];

/** The streams that are read one conversation after the other. */
export const followedStreams: readonly FollowedStream[] = [
  conversationMessages,
  conversationNotes,
  conversationRatings,
];

/** The streams that are read as whole lists. */
export const listedStreams: readonly ListedStream[] = [
  agents,
  agentPresence,
  endUsers,
  teams,
  teamMembers,
  queues,
  queueMembers,
  tags,
  customAttributes,
  contactEndpoints,
  conversationFlows,
  templates,
  businessHours,
  knowledgeCollections,
  knowledgeArticles,
  webhooks,
  organization,
];

/** All streams, in the order in which `discover` lists them. */
export const streams: readonly DixaStream[] = [...windowedStreams, ...followedStreams, ...listedStreams];
