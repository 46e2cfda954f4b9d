import { type Cursor, timestamp } from "./cursor.ts";
import { dateTime, integer } from "./fields.ts";

/** Names of the members that each row of a followed stream gets. */
export const CONVERSATION_ID = "conversationId";
export const CONVERSATION_UPDATED_AT = "conversationUpdatedAt";

/** How the cursor of a followed stream is written: as Dixa's API writes instants, since its other fields are too. */
export const followedCursor: Cursor = timestamp;

/** Fields for the schema of a followed stream. */
export const followedFields = {
  [CONVERSATION_ID]: integer("Id of the conversation, as in `conversations`; added by this connector"),
  [CONVERSATION_UPDATED_AT]: dateTime(
    "When the conversation had last changed (its `updated_at`) as this row was read; the cursor, added by this connector",
  ),
};
