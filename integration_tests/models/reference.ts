import { AGENTS } from "../simulators/dixa/data/people.ts";
import { type History } from "../simulators/dixa/data/story.ts";
import { businessMinutes, type Schedule } from "./business-time.ts";

type Row = Record<string, unknown>;

/** What Dixa holds of one conversation: each row once, as it is now. */
export interface Truth {
  conversation: Row;
  messages: Row[];
  activities: Row[];
}

export function truthOf({ conversation, messages, activities }: History): Truth {
  return {
    conversation: conversation.row,
    messages: messages.map(({ row }) => row),
    activities: activities.map(({ row }) => row),
  };
}

interface Activity {
  at: number;
  id: string;
  type: string;
  author: string | undefined;
  attributes: Row;
}

/** The numbers of one conversation as docs/metrics.md defines them; instants as ISO 8601, times in minutes. */
export interface Metrics {
  conversation_id: number;
  is_complete: boolean;
  is_agent_initiated: boolean;
  is_closed: boolean;
  is_linked_to_parent: boolean;
  first_reply_at: string | null;
  first_assigned_at: string | null;
  first_resolution_at: string | null;
  full_resolution_at: string | null;
  last_activity_at: string;
  first_reply_time_calendar_minutes: number | null;
  first_reply_time_business_minutes: number | null;
  first_assignment_time_calendar_minutes: number | null;
  first_resolution_time_calendar_minutes: number | null;
  full_resolution_time_calendar_minutes: number | null;
  full_resolution_time_business_minutes: number | null;
  handling_time_minutes: number | null;
  count_agent_replies: number;
  number_of_agent_replies: number;
  count_customer_messages: number;
  count_automatic_messages: number;
  count_internal_notes: number;
  count_reopens: number;
  count_transfers: number;
  count_transfers_to_agents: number;
  count_transfers_to_queues: number;
  count_transfers_failed: number;
  count_transfers_initiated: number;
  count_offers: number;
  count_offers_accepted: number;
  count_offers_rejected: number;
  count_offers_timed_out: number;
  unique_assignees: number;
  one_touch_resolution: boolean | null;
}

/** A span of time in one status. */
export interface StatusSpan {
  status: string;
  started_at: string;
  ended_at: string | null;
}

const MINUTE_MS = 60_000;

function byTime(a: Activity, b: Activity): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}

function activitiesOf({ activities }: Truth): Activity[] {
  return activities
    .map((row) => ({
      at: Date.parse(row["activityTimestamp"] as string),
      id: row["id"] as string,
      type: row["_type"] as string,
      author: (row["author"] as Row | undefined)?.["id"] as string | undefined,
      attributes: (row["attributes"] as Row | undefined) ?? {},
    }))
    .sort(byTime);
}

const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

/** Computed by walking through the conversation once, the way that one would by hand: no SQL, no sets. */
export function metricsOf(truth: Truth, schedule: Schedule | undefined): Metrics {
  const { conversation, messages } = truth;
  const log = activitiesOf(truth);
  const createdAt = conversation["created_at"] as number;
  const isComplete = log.some(({ type }) => type.startsWith("ConversationCreatedBy"));
  const isAgentInitiated =
    log.some(({ type }) => type === "ConversationCreatedByAgent") ||
    (conversation["direction"] === "outbound" &&
      !log.some(({ type }) => type === "ConversationCreatedByCustomer"));

  const replies: number[] = [];
  const counts = { customer: 0, automatic: 0 };
  const byMessages = !isComplete && messages.length > 0;
  if (byMessages) {
    for (const message of messages) {
      if (message["is_automated_message"] === true) counts.automatic++;
      else if (message["direction"] === "outbound") replies.push(message["created_at"] as number);
      else counts.customer++;
    }
  }
  const assignees = new Set<string>();
  const transfers = { Agent: 0, Queue: 0 };
  const seen: Record<string, number> = {};
  let [firstAssigned, firstClosed, closedSince]: (number | undefined)[] = [];
  let status: "open" | "pending" | "closed" | undefined;
  let lastClosing: number | undefined;
  let [reopens, handled] = [0, 0];
  let handledSince: number | undefined;
  for (const { at, type, author, attributes } of log) {
    seen[type] = (seen[type] ?? 0) + 1;
    if (type === "MessageAddedByAgent" && !byMessages) {
      const message = messages.find(({ id }) => id === attributes["messageId"]);
      const isForgotten = typeof conversation["anonymized_at"] === "number";
      const isAutomatic =
        message === undefined
          ? author === undefined && !isForgotten
          : message["is_automated_message"] === true;
      if (isAutomatic) counts.automatic++;
      else replies.push(at);
    }
    if (type === "MessageAddedByCustomer" && !byMessages) counts.customer++;
    if (type === "ConversationAutoreplySent") counts.automatic++;

    if (type === "TransferSuccessful" && attributes["destinationType"] !== undefined)
      transfers[attributes["destinationType"] as keyof typeof transfers]++;

    const assignee = assigneeOf(type, author, attributes);
    const stops =
      ["ConversationUnassigned", "ConversationClosed", "ConversationPending"].includes(type) ||
      (type === "TransferSuccessful" && attributes["destinationType"] === "Queue");
    if ((assignee !== undefined || stops) && handledSince !== undefined) {
      handled += at - handledSince;
      handledSince = undefined;
    }
    if (assignee !== undefined) {
      assignees.add(assignee);
      firstAssigned ??= at;
      handledSince = at;
    }
    if (type === "ConversationClosed") {
      firstClosed ??= at;
      if (status !== "closed") lastClosing = closedSince = at;
      status = "closed";
    }
    if (type === "ConversationPending") status = "pending";
    if (type === "ConversationReopened") {
      if (status === "closed" || status === undefined) reopens++;
      status = "open";
    }
  }
  const lastEvent = Math.max(
    createdAt,
    ...log.map(({ at }) => at),
    ...(byMessages ? messages.map((message) => message["created_at"] as number) : []),
  );
  if (handledSince !== undefined) handled += lastEvent - handledSince;

  const isClosed =
    typeof conversation["status"] === "string" ? conversation["status"] === "closed" : status === "closed";
  const closedAt = conversation["closed_at"] as number | null | undefined;
  const lastClosed = status === "closed" ? closedSince : (closedAt ?? lastClosing);
  const firstReply = isAgentInitiated || replies.length === 0 ? undefined : Math.min(...replies);
  const full = isClosed ? lastClosed : undefined;
  const first = isComplete ? firstClosed : undefined;
  const assigned = isComplete ? firstAssigned : undefined;
  const notes = seen["NoteAdded"] ?? 0;
  const wrapUp = (conversation["conversation_wrapup_notes"] as unknown[] | undefined)?.length ?? 0;
  const minutes = (at: number | undefined) => (at === undefined ? null : (at - createdAt) / MINUTE_MS);
  const business = (at: number | undefined) =>
    at === undefined || schedule === undefined ? null : businessMinutes(schedule, createdAt, at);
  return {
    conversation_id: conversation["id"] as number,
    is_complete: isComplete,
    is_agent_initiated: isAgentInitiated,
    is_closed: isClosed,
    is_linked_to_parent:
      (seen["ConversationLinkedToParent"] ?? 0) > (seen["ConversationUnlinkedToParent"] ?? 0),
    first_reply_at: iso(firstReply),
    first_assigned_at: iso(assigned),
    first_resolution_at: iso(first),
    full_resolution_at: iso(full),
    last_activity_at: new Date(
      Math.max(lastEvent, (conversation["last_message_created_at"] as number | null) ?? 0),
    ).toISOString(),
    first_reply_time_calendar_minutes: minutes(firstReply),
    first_reply_time_business_minutes: business(firstReply),
    first_assignment_time_calendar_minutes: minutes(assigned),
    first_resolution_time_calendar_minutes: minutes(first),
    full_resolution_time_calendar_minutes: minutes(full),
    full_resolution_time_business_minutes: business(full),
    handling_time_minutes: isComplete ? handled / MINUTE_MS : null,
    count_agent_replies: replies.length,
    number_of_agent_replies: replies.length,
    count_customer_messages: counts.customer,
    count_automatic_messages: counts.automatic,
    count_internal_notes: isComplete ? notes : Math.max(notes, wrapUp),
    count_reopens: reopens,
    count_transfers: seen["TransferSuccessful"] ?? 0,
    count_transfers_to_agents: transfers.Agent,
    count_transfers_to_queues: transfers.Queue,
    count_transfers_failed: seen["TransferFailed"] ?? 0,
    count_transfers_initiated: seen["TransferInitiated"] ?? 0,
    count_offers: seen["ConversationOffered"] ?? 0,
    count_offers_accepted: seen["ConversationOfferAccepted"] ?? 0,
    count_offers_rejected: seen["ConversationOfferRejected"] ?? 0,
    count_offers_timed_out: seen["ConversationOfferTimeout"] ?? 0,
    unique_assignees: assignees.size,
    one_touch_resolution: isClosed ? replies.length === 1 && reopens === 0 : null,
  };
}

/** Open, pending and closed, one after the other. */
export function statusesOf(truth: Truth): StatusSpan[] {
  const { conversation } = truth;
  const changes: [at: number, status: string][] = [[conversation["created_at"] as number, "open"]];
  const log = activitiesOf(truth);
  for (const { at, type } of log) {
    if (type === "ConversationClosed") changes.push([at, "closed"]);
    if (type === "ConversationPending") changes.push([at, "pending"]);
    if (type === "ConversationReopened") changes.push([at, "open"]);
  }
  const closedAt = conversation["closed_at"] as number | null | undefined;
  const isToldClosed = log.some(({ type }) => type === "ConversationClosed");
  if (conversation["status"] === "closed" && typeof closedAt === "number" && !isToldClosed)
    changes.push([closedAt, "closed"]);
  const kept = changes.filter(([, status], index) => status !== changes[index - 1]?.[1]);
  return kept.map(([at, status], index) => ({
    status,
    started_at: new Date(at).toISOString(),
    ended_at: iso(kept[index + 1]?.[0]),
  }));
}

/** Agents' replies by `agent/day`, with the days of a time zone; replies of nobody known are under `unknown`. */
export function repliesByAgentAndDay(truths: readonly Truth[], zone = "UTC"): Record<string, number> {
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const emails = new Map(AGENTS.map(({ id, email }) => [email, id]));
  const counted: Record<string, number> = {};
  for (const { messages, activities } of truths) {
    const isTold = activities.some(({ _type }) => String(_type).startsWith("ConversationCreatedBy"));
    const replies = isTold
      ? activities.filter(({ _type }) => _type === "MessageAddedByAgent")
      : messages.filter(({ direction }) => direction === "outbound");
    for (const reply of replies) {
      const message = isTold
        ? messages.find(({ id }) => id === (reply["attributes"] as Row)["messageId"])!
        : reply;
      if (message["is_automated_message"] === true) continue;
      const agent = isTold
        ? (reply["author"] as Row | undefined)?.["id"]
        : emails.get(message["author_email"] as string);
      const day = clock.format(message["created_at"] as number);
      const key = `${typeof agent === "string" ? agent : "unknown"}/${day}`;
      counted[key] = (counted[key] ?? 0) + 1;
    }
  }
  return counted;
}

/** Doubles are summed in any order. Shifted a little, so that no value lies where rounding goes either way. */
export function rounded(rows: readonly object[]): Row[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === "number" ? Math.round(value * 1e6 + 0.1234567) / 1e6 : (value as unknown),
      ]),
    ),
  );
}

/** Who has the conversation after this activity; undefined where that does not change hands. */
function assigneeOf(type: string, author: string | undefined, attributes: Row): string | undefined {
  switch (type) {
    case "ConversationAssigned":
      return attributes["agentId"] as string;
    case "ConversationClaimed":
    case "ConversationOfferAccepted":
      return author;
    case "TransferSuccessful":
      return attributes["destinationType"] === "Agent" ? (attributes["destinationId"] as string) : undefined;
    default:
      return undefined;
  }
}
