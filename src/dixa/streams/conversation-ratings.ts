import { z } from "zod";

import { dateTime, integer, text } from "./fields.ts";
import { followedFields } from "./followed.ts";
import { type FollowedStream } from "./stream.ts";

const timestamps = z.object({
  created_at: dateTime("When the rating was created"),
  scheduled_at: dateTime("When the offer was scheduled"),
  scheduled_for: dateTime("For when the offer was scheduled"),
  offered_at: dateTime("When the rating was offered"),
  modified_at: dateTime("When the rating was last changed"),
  rated_at: dateTime("When the customer rated"),
});

/** Names and types: Dixa's OpenAPI document. */
const rating = z.object({
  ...followedFields,
  id: text("none", "Id of the survey; its questions share it"),
  ratingType: text("none", "Kind of question: `Csat`, `Nps` or `ThumbsUpOrDown`"),
  ratingScore: integer("Score that the customer gave"),
  ratingComment: text("rating_comments", "What the customer wrote with the score"),
  ratingStatus: text("none", "How far the question is, for example `Offered` or `Rated`"),
  conversationChannel: text("none", "Channel of the conversation"),
  agentId: text("none", "Id of the agent who is rated, as in `agents`"),
  userId: text("none", "Id of the customer, as in `end_users`"),
  language: text("none", "Language of the survey"),
  timestamps: timestamps.describe("When what happened to the rating"),
});

/** Ratings of conversations: `GET /v1/conversations/{conversationId}/ratings` of the Dixa API. */
export const conversationRatings: FollowedStream = {
  kind: "followed",
  name: "conversation_ratings",
  description: "Ratings, one row a question of a survey, one request a conversation",
  schema: rating,
  primaryKey: ["conversationId", "id", "ratingType"],
  path: "/v1/conversations/{conversationId}/ratings",
};
