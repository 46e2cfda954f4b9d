/** The streams whose rows the simulator makes, by the names that the connector gives them. */
export type StreamName = "conversations" | "messages" | "activity_logs";
