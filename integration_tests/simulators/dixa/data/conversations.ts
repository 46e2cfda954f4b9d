import { pick, unit } from "../random.ts";
import { AGENTS, CUSTOMERS, pickQueue, TAGS } from "./people.ts";
import { ID_MARK, instantMark } from "./template.ts";

const MINUTE_MS = 60_000;
const CHANNELS = ["email", "widgetchat", "pstnphone", "contactform", "facebookmessenger", "whatsapp"];
export const SUBJECTS = [
  "Where is my refund?",
  'They said "no" – really?',
  "Line one\nline two\ttabbed",
  "{not json} [really]",
  "Ødelagt vare 🙁",
  "back\\slash \u0001 control",
];

/**
 * One of the shapes that a row of `conversation_export` takes, with marks in it; fields as the Exports API reference
 * and other connectors' schemas name them.
 *
 * @param notesBytes length of the internal notes, to make rows as large as wanted
 */
export function conversationShape(
  seed: number,
  variant: number,
  notesBytes: number,
): Record<string, unknown> {
  const random = (salt: number) => unit(seed, variant, salt);
  const channel = pick(CHANNELS, random(1));
  const customer = pick(CUSTOMERS, random(2));
  const agent = random(3) < 0.85 ? pick(AGENTS, random(4)) : null;
  const queue = random(5) < 0.95 ? pickQueue(random(6)) : null;
  const status = pick(["closed", "closed", "open", "pending", "a_status_of_tomorrow"], random(7));
  const tags = TAGS.filter((_, index) => random(20 + index) < 0.3);
  const isPhone = channel === "pstnphone";
  const isEmail = channel === "email";
  const before = (minutes: number) => instantMark(-Math.floor(minutes * MINUTE_MS));
  const row: Record<string, unknown> = {
    id: ID_MARK,
    created_at: before(300 + random(8) * 5000),
    initial_channel: channel,
    requester_id: customer.id,
    requester_name: customer.name,
    requester_email: customer.email,
    requester_additional_emails: random(9) < 0.2 ? [`alt.${customer.email}`] : [],
    requester_phone_number: customer.phone,
    requester_additional_phone_numbers: [],
    queued_at: queue === null ? null : before(290),
    queue_id: queue?.id ?? null,
    queue_name: queue?.name ?? null,
    closed_at: status === "closed" ? before(1) : null,
    rating_score: random(10) < 0.3 ? 4 : null,
    rating_message: random(10) < 0.3 ? "Quick answer" : null,
    ratings: random(10) < 0.3 ? [rating(before)] : [],
    direction: random(11) < 0.8 ? "inbound" : "outbound",
    assigned_at: agent === null ? null : before(200),
    assignee_id: agent?.id ?? null,
    assignee_name: agent?.name ?? null,
    assignee_email: agent?.email ?? null,
    assignee_phone_number: agent?.phone ?? null,
    to_provisioned_phone_number_id: isPhone ? "+4500000010" : null,
    to_provisioned_phone_number_name: isPhone ? "Hotline" : null,
    total_duration: Math.floor(random(12) * 9_000_000),
    handling_duration: Math.floor(random(13) * 900_000),
    dixa_email_integration_id: isEmail ? "support@email.dixa.io" : null,
    dixa_email_integration_sender_name: isEmail ? "Example Support" : null,
    forwarding_email: null,
    facebook_page_id: channel === "facebookmessenger" ? "1234567890" : null,
    facebook_page_name: channel === "facebookmessenger" ? "Example Shop" : null,
    widget_id: channel === "widgetchat" ? "66666666-6666-4666-8666-666666666666" : null,
    widget_name: channel === "widgetchat" ? "Web shop" : null,
    tags: tags.map(({ name }) => name),
    tags_info: tags,
    conversation_wrapup_notes: [notes(notesBytes)],
    transferee_name: isPhone ? "Back office" : null,
    transferee_number: isPhone ? "+4500000011" : null,
    transfer_time: isPhone ? before(100) : null,
    originating_country: isPhone ? "DK" : null,
    status,
    updated_at: instantMark(0),
    last_message_created_at: before(2),
    from_provisioned_phone_number_id: null,
    from_provisioned_phone_number_name: null,
    subject: isEmail ? pick(SUBJECTS, random(14)) : null,
    anonymized_at: null,
    custom_fields: customFields(random(15)),
  };
  // Whether Dixa sends null or leaves a field out isn't documented, so both occur here.
  if (random(16) < 0.3)
    for (const key of ["forwarding_email", "anonymized_at"]) Reflect.deleteProperty(row, key);
  if (random(18) < 0.08) anonymize(row, before(30));
  if (random(17) < 0.2) row["a_field_of_tomorrow"] = { nested: [1, "two", null], big: 1e15 };
  return row;
}

/** What is left of a conversation after its customer asked to be forgotten; which fields go is an assumption. */
function anonymize(row: Record<string, unknown>, at: number): void {
  for (const key of ["requester_name", "requester_email", "requester_phone_number", "subject"])
    row[key] = null;
  row["requester_additional_emails"] = [];
  row["conversation_wrapup_notes"] = [];
  row["anonymized_at"] = at;
}

function rating(before: (minutes: number) => number): Record<string, unknown> {
  return {
    rating_score: 4,
    rating_message: "Quick answer",
    rating_type: "stars",
    rating_created_timestamp: before(60),
    rating_offered_timestamp: before(59),
    rating_status: "rated",
    rating_language: "en",
    rating_modified_timestamp: before(5),
    rating_rated_timestamp: before(5),
    rating_scheduled_timestamp: before(61),
    rating_scheduled_for_timestamp: before(59),
    rating_unscheduled_timestamp: null,
    rating_cancelled_timestamp: null,
  };
}

function customFields(at: number): Record<string, unknown>[] {
  const field = (identifier: string, value: string | string[]) => ({
    attribute_id: "77777777-7777-4777-8777-777777777777",
    identifier,
    value,
    data_type: Array.isArray(value) ? "multiselect" : "text",
    archived: false,
  });
  if (at < 0.3) return [];
  if (at < 0.6) return [field("order_number", "A-1001")];
  return [field("order_number", 'say "hi" {x}'), field("topics", ["returns", "size"])];
}

function notes(bytes: number): string {
  return "Refund approved, ref 42. Kunden er glad. ".repeat(Math.ceil(bytes / 41)).slice(0, bytes);
}
