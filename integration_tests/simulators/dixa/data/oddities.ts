import { type OwnRow, type Span } from "./stream-data.ts";
import { type StreamName } from "./stream-name.ts";

const LARGE_TEXT_BYTES = 30_000_000;

/** Rows that JSON allows and that readers stumble over, spread over the span. */
export function* oddRows({ lo, hi }: Span): Generator<[StreamName, OwnRow], void, undefined> {
  const at = (share: number) => Math.floor(lo + share * (hi - lo));
  const conversation = (id: number, share: number, members: string): [StreamName, OwnRow] => {
    const cursor = at(share);
    const text = `{"id":${id},"created_at":${cursor - 1000},${members},"updated_at":${cursor}}`;
    return ["conversations", { id: String(id), cursor, text }];
  };
  yield conversation(99_999_901, 0.11, '"subject":"lone \\ud83d surrogate","status":"open"');
  yield conversation(99_999_902, 0.22, '"total_duration":1e400,"status":"open"');
  yield conversation(99_999_903, 0.33, '"handling_duration":9223372036854775808,"status":"open"');
  yield conversation(99_999_904, 0.44, '"total_duration":9223372036854775807,"subject":"as large as fits"');
  yield conversation(99_999_905, 0.55, ' "subject" : "spaced\\n" ,\r\n "tags" : [ ] ,\n\t"id_2":1');
  yield conversation(99_999_906, 0.66, `"subject":"${"x".repeat(LARGE_TEXT_BYTES)}","status":"open"`);
  const cursor = at(0.5);
  const odd = new Date(cursor).toISOString().replace("Z", "+00:00");
  const id = "dddddddd-0000-4000-8000-000000000001";
  const text =
    `{"id":"${id}","conversationId":10000000,"activityTimestamp":"${odd}","_type":"ConversationClosed",` +
    `"activityType":"ConversationClosedActivityType"}`;
  yield ["activity_logs", { id, cursor, text }];
}
