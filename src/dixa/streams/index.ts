import { activityLogs } from "./activity-logs.ts";
import { conversations } from "./conversations.ts";
import { messages } from "./messages.ts";
import { type DixaStream, type WindowedStream } from "./stream.ts";

/** The streams that are read by time. */
export const windowedStreams: readonly WindowedStream[] = [conversations, messages, activityLogs];

/** All streams, in the order in which `discover` lists them. */
export const streams: readonly DixaStream[] = [...windowedStreams];
