import { type History, type StoryRow } from "../simulators/dixa/data/story.ts";

type Row = Record<string, unknown>;

/** A column of a raw table: the member of Dixa's row, and what kind of value it is. */
export interface RawColumn {
  name: string;
  kind: "integer" | "text" | "boolean" | "json" | "timestamp";
}

/** A table as a destination writes it, with when each row was loaded (ms UTC). */
export interface RawTable {
  name: string;
  columns: readonly RawColumn[];
  rows: { row: Row; loadedAt: number }[];
}

const of = (kind: RawColumn["kind"], ...names: string[]) => names.map((name): RawColumn => ({ name, kind }));

const CONVERSATIONS = [
  ...of("integer", "id", "created_at", "updated_at", "last_message_created_at", "queued_at", "assigned_at"),
  ...of("integer", "closed_at", "anonymized_at", "rating_score"),
  ...of(
    "text",
    "initial_channel",
    "direction",
    "requester_id",
    "requester_name",
    "requester_email",
    "subject",
  ),
  ...of("text", "status", "queue_id", "queue_name", "assignee_id", "assignee_name", "assignee_email"),
  ...of("text", "rating_message"),
  ...of("json", "tags", "tags_info", "ratings", "conversation_wrapup_notes", "custom_fields"),
];
const MESSAGES = [
  ...of("text", "id", "initial_channel", "author_name", "author_email", "direction", "text", "from"),
  ...of("integer", "csid", "created_at"),
  ...of("json", "to", "cc", "bcc", "attached_files"),
  ...of("boolean", "is_automated_message"),
];
const ACTIVITIES = [
  ...of("text", "id", "activityType", "_type"),
  ...of("integer", "conversationId"),
  ...of("timestamp", "activityTimestamp"),
  ...of("json", "author", "attributes"),
];

/** Optional streams. */
const COLUMNS = {
  business_hours: [...of("text", "id", "name", "timezone"), ...of("json", "businessHours", "exceptions")],
  tags: of("text", "id", "name", "color", "state"),
};

/** The table of an optional stream. @param loadedAt ms UTC */
export function tableOf(name: keyof typeof COLUMNS, rows: readonly Row[], loadedAt: number): RawTable {
  return { name, columns: COLUMNS[name], rows: rows.map((row) => ({ row, loadedAt })) };
}

/** The three raw tables that hold these histories. @param loadedAt ms UTC */
export function rawTables(histories: readonly History[], loadedAt: number): RawTable[] {
  const table = (name: string, columns: readonly RawColumn[], rows: StoryRow[]): RawTable => ({
    name,
    columns,
    rows: rows.map(({ row }) => ({ row, loadedAt })),
  });
  return [
    table(
      "conversations",
      CONVERSATIONS,
      histories.map(({ conversation }) => conversation),
    ),
    table(
      "messages",
      MESSAGES,
      histories.flatMap(({ messages }) => messages),
    ),
    table(
      "activity_logs",
      ACTIVITIES,
      histories.flatMap(({ activities }) => activities),
    ),
  ];
}
