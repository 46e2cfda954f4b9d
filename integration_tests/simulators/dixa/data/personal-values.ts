import { type PersonalKind } from "../../../../src/dixa/personal.ts";
import { SUBJECTS } from "./conversations.ts";
import { TEXTS } from "./messages.ts";
import { AGENTS, CUSTOMERS } from "./people.ts";

const PEOPLE = [...AGENTS, ...CUSTOMERS];

/**
 * What the rows say about people, by kind: a word that is found on its way out has leaked. Lines and addresses of the
 * company itself are not among it.
 */
export const PERSONAL_VALUES: Readonly<Record<PersonalKind, readonly string[]>> = {
  names: [...PEOPLE.map(({ name }) => name), "Back office"],
  email_addresses: [...PEOPLE.map(({ email }) => email), "boss@example.org"],
  phone_numbers: [...PEOPLE.flatMap(({ phone }) => phone ?? []), "+4500000001", "+4500000011"],
  message_text: [
    ...TEXTS.filter((text) => text !== ""),
    ...SUBJECTS,
    ...["A-1001", 'say "hi" {x}', "agent is offline", "private/org/call_recording", "private/org/attachment"],
  ],
  notes: ["Refund approved", 'note "with" \\ and {braces}'],
  rating_comments: ["Quick answer", "ok [GMT]"],
};
