import { z } from "zod";

import { type JsonElement } from "../../http/json-array-splitter.ts";
import {
  findMember,
  keyBytes,
  valueBytes,
  valueEnd,
  valueKind,
  valueStart,
  valueText,
} from "../../http/json-element.ts";
import { formatSeconds, normalizeTimestamp } from "../timestamps.ts";
import { timestamp } from "./cursor.ts";
import { type DixaStream, type Replacements } from "./stream.ts";

const DAY_MS = 86_400_000;
/**
 * A query reaches 90 days. Whether that is the length of the window or the age of the rows is not documented, so
 * slices keep to the length, and the reader can live with a refusal of older ones.
 */
const LONGEST_QUERY_MS = 90 * DAY_MS;
/** Rounding outward to whole seconds, and the second of overlap, widen a query by at most this much. */
const OVERLAP_MS = 3000;
/** The page size that Stitch's connector asks for in production; no limit is documented. */
const PAGE_LIMIT = 10_000;

const person = z.object({ id: z.string(), name: z.string(), email: z.string(), phoneNumber: z.string() });
const link = z.looseObject({});

/** All variants of Dixa's OpenAPI document in one; `_type` says which one it is, and new ones pass through. */
const attributes = z.object({
  _type: z.string(),
  agent: person,
  agentId: z.string(),
  agentName: z.string(),
  agentNames: z.array(z.string()),
  avatarUrl: z.string(),
  channelReference: z.string(),
  child: link,
  claimedFromLabel: z.string(),
  claimedFromType: z.string(),
  destinationId: z.string(),
  destinationLabel: z.string(),
  destinationType: z.string(),
  // Named in Dixa's OpenAPI document; what the list holds is not.
  evaluationFilters: z.array(z.union([z.string(), z.looseObject({})])),
  failureReason: z.string(),
  fromEndpoint: z.string(),
  isResolved: z.boolean(),
  isSuccessful: z.boolean(),
  language: z.string(),
  linkType: z.string(),
  message: z.string(),
  messageId: z.string(),
  newSubject: z.string(),
  newUser: person,
  numberOfDeletedFiles: z.int(),
  oldSubject: z.string(),
  oldUser: person,
  parent: link,
  queueId: z.string(),
  queueLabel: z.string(),
  queueName: z.string(),
  ratingScheduledTime: z.string(),
  reason: z.string(),
  reservationType: z.string(),
  score: z.int(),
  subject: z.string(),
  tag: z.string(),
  templateName: z.string(),
  transferType: z.string(),
  updatedAttributeIds: z.array(z.string()),
  updatedAttributeValues: z.looseObject({}),
  user: person,
  validUntil: z.string(),
  wasTextRedacted: z.boolean(),
});

const activityLog = z.object({
  id: z.string(),
  conversationId: z.int(),
  activityTimestamp: z.iso.datetime().meta({ airbyte_type: "timestamp_with_timezone" }),
  _type: z.string().describe("Kind of activity, for example `ConversationAssigned`; Dixa adds kinds"),
  activityType: z.string().describe("Deprecated by Dixa in favour of `_type`"),
  author: person.describe("Who did it; absent when Dixa itself did"),
  attributes,
});

const ACTIVITY_TIMESTAMP = keyBytes("activityTimestamp");
const ATTRIBUTES = keyBytes("attributes");
const QUOTE = 0x22;
const POINT = 0x2e;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const ZONE_NAME = '[GMT]"';
/** A whole string value that is a timestamp with a zone name; free text is never touched. */
const QUOTED_TIMESTAMP = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\[GMT\]"/g;

/** Whether the value looks like the 24 characters of `2025-01-01T00:00:00.000Z`: nearly all do, and need no parsing. */
function isNormal(element: JsonElement, member: number): boolean {
  const end = valueEnd(element, member);
  const { buffer } = element;
  return (
    end - valueStart(element, member) === 26 &&
    buffer[end - 2] === LETTER_Z &&
    buffer[end - 6] === POINT &&
    buffer[end - 15] === LETTER_T
  );
}

/** Activity logs of all conversations: `GET /v1/conversations/activitylog` of the Dixa API. */
export const activityLogs: DixaStream = {
  name: "activity_logs",
  description: "What happened to conversations: assignments, transfers, tags, ratings and more",
  schema: activityLog,
  primaryKey: "id",
  cursorField: "activityTimestamp",
  cursor: timestamp,
  aliases: [],
  reach: LONGEST_QUERY_MS,
  maxWindow: ({ activityLog: days }) => Math.min(days * DAY_MS, LONGEST_QUERY_MS - OVERLAP_MS),
  async readWindow(dixa, { lo, hi }, reading) {
    const query = {
      pageLimit: String(PAGE_LIMIT),
      // Whole seconds, outward, and one second more at the start: right whether the API compares milliseconds or
      // seconds, inclusively or not.
      fromDatetime: formatSeconds(lo - 1000),
      toDatetime: formatSeconds(hi + 999),
    };
    await dixa.api.readPages("/v1/conversations/activitylog", query, reading);
  },
  replacements(element) {
    let replacements: Replacements | undefined;
    const at = findMember(element, ACTIVITY_TIMESTAMP);
    if (at !== -1 && valueKind(element, at) === QUOTE && !isNormal(element, at)) {
      const text = JSON.parse(valueText(element, at)) as string;
      const normal = normalizeTimestamp(text);
      if (normal !== undefined && normal !== text) {
        replacements = new Map([[at, Buffer.from(`"${normal}"`)]]);
      }
    }
    const attributesAt = findMember(element, ATTRIBUTES);
    if (attributesAt !== -1) {
      if (valueBytes(element, attributesAt).includes(ZONE_NAME, 0, "latin1")) {
        replacements ??= new Map();
        const plain = valueText(element, attributesAt).replace(QUOTED_TIMESTAMP, '"$1"');
        replacements.set(attributesAt, Buffer.from(plain));
      }
    }
    return replacements;
  },
};
