import { pick, unit } from "../random.ts";
import { AGENTS, CUSTOMERS, pickQueue, QUEUES, TAGS } from "./people.ts";
import { type History, Story, type StoryRow } from "./story.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const OPENS_AT = 8 * HOUR_MS;
const CLOSES_AT = 18 * HOUR_MS;
const CHANNELS = ["email", "email", "widgetchat", "widgetchat", "contactform", "whatsapp"];
const COMMENTS = ["Quick answer", "Took too long", null, null, "Friendly and clear"];

export interface HistoryOptions {
  seed: number;
  /** Nothing happens after it: what is not over then is open. ms UTC. */
  until: number;
}

/** The next moment at which somebody works: at night and on Sundays conversations wait. */
function whenOpen(instant: number): number {
  const midnight = Math.floor(instant / DAY_MS) * DAY_MS;
  if (new Date(midnight).getUTCDay() === 0) return midnight + DAY_MS + OPENS_AT;
  if (instant < midnight + OPENS_AT) return midnight + OPENS_AT;
  return instant < midnight + CLOSES_AT ? instant : whenOpen(midnight + DAY_MS);
}

/**
 * A conversation as it may well go: it is offered, taken, answered, handed on, closed, opened again, rated. The same
 * seed and id give the same.
 *
 * @param createdAt ms UTC
 */
export function likelyHistory(id: number, createdAt: number, { seed, until }: HistoryOptions): History {
  let salt = 0;
  const random = () => unit(seed, id, 500 + salt++);
  const chance = (share: number) => random() < share;
  // Most things take little time, a few take long.
  const about = (typicalMs: number) => typicalMs * (0.3 + 3 * random() ** 3);
  const story = new Story({
    id,
    createdAt,
    customer: pick(CUSTOMERS, random()),
    channel: pick(CHANNELS, random()),
    queue: chance(0.95) ? pickQueue(random()) : null,
  });
  const atWork = (typicalMs: number) => story.wait(about(typicalMs)).wait(whenOpen(story.at) - story.at);
  let agent = pick(AGENTS, random() ** 1.5);

  if (chance(0.07)) {
    story.begunByAgent(agent).assigned(agent).agentReplies(agent);
  } else {
    story.begunByCustomer().customerWrites();
    if (chance(0.5)) story.wait(2 * SECOND_MS).automaticReply(chance(0.8) ? "autoreply" : "authorless");
    atWork(4 * MINUTE_MS).offered(agent);
    if (chance(0.15)) {
      story.wait(30 * SECOND_MS).offerAnswered(agent, chance(0.4) ? "Rejected" : "Timeout");
      agent = pick(AGENTS, random());
      atWork(6 * MINUTE_MS).offered(agent);
    }
    story
      .wait(8 * SECOND_MS)
      .offerAnswered(agent, "Accepted")
      .assigned(agent);
    if (chance(0.12)) {
      const queue = pick(QUEUES, random());
      story
        .wait(about(3 * MINUTE_MS))
        .transferred(agent, queue, "Queue")
        .unassigned(agent);
      agent = pick(AGENTS, random());
      atWork(20 * MINUTE_MS).assigned(agent);
    }
    if (chance(0.95)) atWork(14 * MINUTE_MS).agentReplies(agent);
  }
  if (chance(0.2)) story.wait(about(MINUTE_MS)).note(agent);
  if (chance(0.35)) story.wait(20 * SECOND_MS).tagged(pick(TAGS, random()), agent);
  while (chance(0.5)) {
    story.wait(about(40 * MINUTE_MS)).customerWrites("And when will it be here?");
    if (chance(0.15))
      atWork(10 * MINUTE_MS)
        .pending(agent)
        .wait(about(9 * HOUR_MS))
        .reopened();
    atWork(25 * MINUTE_MS).agentReplies(agent);
  }
  if (chance(0.9)) {
    atWork(30 * MINUTE_MS).closed(agent);
    if (chance(0.45)) {
      const isAnswered = chance(0.6);
      const score = 1 + Math.floor(5 * random() ** 0.35);
      story.wait(about(2 * HOUR_MS)).rated(agent, isAnswered ? score : undefined, pick(COMMENTS, random()));
    }
    if (chance(0.09)) {
      story
        .wait(about(20 * HOUR_MS))
        .customerWrites("It is broken.")
        .reopened();
      atWork(40 * MINUTE_MS).agentReplies(agent);
      if (chance(0.85)) atWork(10 * MINUTE_MS).closed(agent);
    }
  }
  return upTo(story.told(), until);
}

/** Conversations that begin evenly over the last days before `until`, fewer at night and on Sundays. */
export function* likelyHistories(
  count: number,
  days: number,
  options: HistoryOptions,
): Generator<History, void, undefined> {
  const { seed, until } = options;
  for (let index = 0; index < count; index++) {
    const even = until - days * DAY_MS + ((index + unit(seed, index, 400)) * days * DAY_MS) / count;
    const createdAt =
      unit(seed, index, 401) < 0.7 ? Math.min(whenOpen(even) + (even % (9 * HOUR_MS)), until) : even;
    yield likelyHistory(20_000_000 + index, Math.floor(createdAt), options);
  }
}

/** What there is of it at an instant. */
function upTo(history: History, until: number): History {
  const { conversation, messages, activities } = history;
  if (conversation.cursor <= until) return history;
  const happened = ({ cursor }: StoryRow) => cursor <= until;
  const kept = activities.filter(happened);
  const last = kept.findLast(({ row }) => /Closed$|Reopened$|Pending$/.test(String(row["_type"])));
  const closed = kept.findLast(({ row }) => row["_type"] === "ConversationClosed");
  const status = String(last?.row["_type"]).endsWith("Closed")
    ? "closed"
    : String(last?.row["_type"]).endsWith("Pending")
      ? "pending"
      : "open";
  const rated = kept.some(({ row }) => String(row["_type"]).startsWith("ConversationRat"));
  const row = {
    ...conversation.row,
    status,
    closed_at: closed?.cursor ?? null,
    updated_at: Math.max(conversation.row["created_at"] as number, kept.at(-1)?.cursor ?? 0),
    last_message_created_at: messages.findLast(happened)?.cursor ?? null,
    ratings: rated ? conversation.row["ratings"] : [],
  };
  return {
    conversation: { row, cursor: row.updated_at },
    messages: messages.filter(happened),
    activities: kept,
  };
}
