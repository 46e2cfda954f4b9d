import { PERSONAL_KINDS, type PersonalKind } from "../../../../src/dixa/personal.ts";
import { PERSONAL_VALUES } from "../data/personal-values.ts";
import { type Account } from "./account.ts";
import { type Row } from "./table.ts";

export type PersonalValues = Readonly<Record<PersonalKind, readonly string[]>>;

/** Members of agents and customers, by what they say of them. */
const OF_PEOPLE: Partial<Record<PersonalKind, readonly string[]>> = {
  names: ["displayName", "firstName", "lastName", "middleNames", "avatarUrl", "externalId"],
  email_addresses: ["email", "additionalEmails"],
  phone_numbers: ["phoneNumber", "additionalPhoneNumbers"],
};

/** What the Dixa API tells of conversations beyond the exports. */
const OF_CONVERSATIONS: PersonalValues = {
  names: ["Hidden Reader", "Reply Name"],
  email_addresses: ["hidden@example.org", "reply.to@example.org"],
  phone_numbers: [],
  message_text: [
    ...["Photo of Ada's shoes.jpg", "Mail of Ada", "Ada's friends", "Product A", "They said: "],
    ...["550 5.1.1 <ada@example.org> user unknown", "private/org/inline", "email_original_data"],
  ],
  notes: [],
  rating_comments: [],
};

/** All that the account says about people, in whatever stream, by kind. */
export function personalValues({ lists }: Account): PersonalValues {
  const people = [...lists.agents.rows, ...lists.end_users.rows];
  return Object.fromEntries(
    PERSONAL_KINDS.map((kind) => {
      const own = people.flatMap((row) => (OF_PEOPLE[kind] ?? []).flatMap((member) => textsOf(row, member)));
      return [kind, [...new Set([...PERSONAL_VALUES[kind], ...OF_CONVERSATIONS[kind], ...own])]];
    }),
  ) as Record<PersonalKind, string[]>;
}

/** Some people's names are also what roles and kinds are called. */
const WORDS: readonly string[] = ["Agent", "Customer"];

function textsOf(row: Row, member: string): string[] {
  const value = row[member];
  return (Array.isArray(value) ? value : [value]).filter(
    (text): text is string => typeof text === "string" && text !== "" && !WORDS.includes(text),
  );
}
