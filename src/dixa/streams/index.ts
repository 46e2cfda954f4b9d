import { activityLogs } from "./activity-logs.ts";
import { conversations } from "./conversations.ts";
import { messages } from "./messages.ts";
import { type DixaStream } from "./stream.ts";

/** All streams, in the order in which `discover` lists them. */
export const streams: readonly DixaStream[] = [conversations, messages, activityLogs];
