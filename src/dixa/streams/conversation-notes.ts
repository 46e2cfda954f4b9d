import { z } from "zod";

import { dateTime, integer, text } from "./fields.ts";
import { followedFields } from "./followed.ts";
import { type FollowedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const note = z.object({
  ...followedFields,
  id: text("none", "The note's id"),
  authorId: text("none", "Id of its author, as in `agents`"),
  createdAt: dateTime("When it was written"),
  csid: integer("Id of the conversation, as Dixa gives it with the note"),
  message: text("notes", "What the note says"),
});

/** Notes of conversations: `GET /v1/conversations/{conversationId}/notes` of the Dixa API. */
export const conversationNotes: FollowedStream = {
  kind: "followed",
  name: "conversation_notes",
  description: "Internal notes with their author and time, one request a conversation",
  schema: note,
  primaryKey: ["conversationId", "id"],
  path: "/v1/conversations/{conversationId}/notes",
};
