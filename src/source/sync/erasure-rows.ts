import { activityLogs } from "../../dixa/streams/activity-logs.ts";
import { conversations } from "../../dixa/streams/conversations.ts";
import { BodyError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { findMember, integerValue, keyBytes, valueKind, valueText } from "../../http/json-element.ts";
import { type Erasure } from "./erasure-state.ts";
import { type Interval } from "./intervals.ts";
import { shownKey } from "./shown-key.ts";

const SMALL_N = 0x6e;
const REDACTED = '"ConversationMessageRedacted"';
const DIGITS = /^"\d{1,15}"$/;
const ID = keyBytes("id");
const CREATED_AT = keyBytes("created_at");
const UPDATED_AT = keyBytes("updated_at");
const LAST_MESSAGE_AT = keyBytes("last_message_created_at");
const ANONYMIZED_AT = keyBytes("anonymized_at");
const TYPE = keyBytes("_type");
const CONVERSATION_ID = keyBytes("conversationId");
const ACTIVITY_TIMESTAMP = keyBytes("activityTimestamp");

/** Id of a conversation in a row's member, be it a number or a text; undefined if it is none. */
export function conversationIn(element: JsonElement, key: Buffer): number | undefined {
  const member = findMember(element, key);
  if (member === -1) return undefined;
  const id = integerValue(element, member);
  if (id !== undefined) return id;
  const text = valueText(element, member);
  return DIGITS.test(text) ? Number(JSON.parse(text)) : undefined;
}

/**
 * Id of a conversation of the export.
 *
 * @throws BodyError if it has none that can be asked for
 */
export function idOf(element: JsonElement): number {
  const id = conversationIn(element, ID);
  if (id === undefined) throw new BodyError("malformed", 'the "id" of a conversation is no number');
  return id;
}

/**
 * What a row of the export says of its conversation's anonymisation; undefined if nothing.
 *
 * @throws BodyError if it says something that can't be read: then it must not count as not anonymised
 */
export function anonymizationIn(element: JsonElement): Erasure | undefined {
  const member = findMember(element, ANONYMIZED_AT);
  if (member === -1 || valueKind(element, member) === SMALL_N) return undefined;
  const conversation = idOf(element);
  const at = conversations.cursor.read(element, member) ?? activityLogs.cursor.read(element, member);
  if (at === undefined)
    throw new BodyError("malformed", `the "anonymized_at" of conversation ${conversation} is no time`);
  return { conversation, at };
}

/**
 * What an activity says of a message's redaction; undefined if nothing.
 *
 * @throws BodyError if it does not say of which conversation and when
 */
export function redactionIn(element: JsonElement): Erasure | undefined {
  const type = findMember(element, TYPE);
  if (type === -1 || valueText(element, type) !== REDACTED) return undefined;
  const conversation = conversationIn(element, CONVERSATION_ID);
  const member = findMember(element, ACTIVITY_TIMESTAMP);
  const at = member === -1 ? undefined : activityLogs.cursor.read(element, member);
  if (conversation !== undefined && at !== undefined) return { conversation, at };
  const id = shownKey(valueText(element, findMember(element, ID)));
  const lacking = conversation === undefined ? "conversationId" : "activityTimestamp";
  throw new BodyError("malformed", `the redaction ${id} has no "${lacking}" that can be read`);
}

/** From the conversation's creation to its last message; where the latter is not told, to its last change. */
export function spanOf(element: JsonElement, now: number): Interval {
  const last = timeIn(element, LAST_MESSAGE_AT) ?? timeIn(element, UPDATED_AT) ?? now;
  return [timeIn(element, CREATED_AT) ?? 0, last + 1];
}

function timeIn(element: JsonElement, key: Buffer): number | undefined {
  const member = findMember(element, key);
  return member === -1 ? undefined : conversations.cursor.read(element, member);
}
