import { z } from "zod";

import { PERSONAL_KINDS, type PersonalKind } from "./personal.ts";

/** What becomes of a kind of personal data on its way out. */
export type Treatment = "keep" | "drop" | "pseudonymize";

const TREATMENTS = ["keep", "drop", "pseudonymize"] as const;
/** Kinds whose values are short and come again; a pseudonym of a whole text would tell nothing. */
const PSEUDONYMIZABLE: readonly PersonalKind[] = ["names", "email_addresses", "phone_numbers"];
const SHORTEST_SECRET = 16;
const MAKE_ONE = `must be ${SHORTEST_SECRET} characters or more: make one up, for example with openssl rand -hex 32`;

function identity(order: number, title: string, description: string) {
  const error = `must be one of ${TREATMENTS.join(", ")}`;
  return z
    .enum(TREATMENTS, { error })
    .default("keep")
    .meta({ title, description, examples: ["pseudonymize"], order });
}

function content(order: number, title: string, description: string) {
  const error = "must be one of keep, drop";
  return z
    .enum(["keep", "drop"], { error })
    .default("keep")
    .meta({ title, description, examples: ["drop"], order });
}

const fields = z.looseObject({
  names: identity(0, "Names", "Of customers and agents."),
  email_addresses: identity(1, "E-mail addresses", "Of customers, of agents and of whoever was written to."),
  phone_numbers: identity(2, "Phone numbers", "Of customers, agents and lines."),
  message_text: content(
    3,
    "Message text",
    "What was written or said, with subjects, forms and links to files.",
  ),
  notes: content(4, "Notes", "Internal notes of agents."),
  rating_comments: content(5, "Rating comments", "What customers wrote when they rated."),
  pseudonym_secret: z
    .string()
    .trim()
    .refine((secret) => secret === "" || secret.length >= SHORTEST_SECRET, { error: MAKE_ONE })
    .optional()
    .meta({
      title: "Pseudonym secret",
      description:
        `Needed to pseudonymize: ${SHORTEST_SECRET} characters or more, for example from openssl rand -hex 32. ` +
        "Keep it: with another one, all pseudonyms are others.",
      airbyte_secret: true,
      minLength: SHORTEST_SECRET,
      order: 6,
    }),
});

/** The `privacy` object of the configuration. */
export const privacySchema = fields.superRefine((privacy, context) => {
  const complain = (field: string, message: string) => {
    context.addIssue({ code: "custom", path: [field], message });
  };
  for (const name of Object.keys(privacy)) {
    if (name in fields.shape || name.startsWith("_")) continue;
    complain(name, `there is no such kind of personal data. There are ${PERSONAL_KINDS.join(", ")}`);
  }
  const pseudonymized = PSEUDONYMIZABLE.filter((kind) => privacy[kind] === "pseudonymize");
  if (pseudonymized.length > 0 && (privacy.pseudonym_secret ?? "") === "") {
    complain(
      "pseudonym_secret",
      `${MAKE_ONE}, and keep it (${pseudonymized.join(", ")} can't be pseudonymized without)`,
    );
  }
});

/** What is to leave of personal data. */
export interface Privacy {
  readonly treatments: Readonly<Record<PersonalKind, Treatment>>;
  /** Key of the pseudonyms; there is one when a kind is pseudonymized. */
  readonly secret: string | undefined;
}

/** @param raw undefined keeps everything */
export function toPrivacy(raw: z.output<typeof privacySchema> | undefined): Privacy {
  const treatments = Object.fromEntries(PERSONAL_KINDS.map((kind) => [kind, raw?.[kind] ?? "keep"]));
  const secret = raw?.pseudonym_secret;
  return {
    treatments: treatments as Record<PersonalKind, Treatment>,
    secret: secret === "" ? undefined : secret,
  };
}

/** Whether something is not kept: then what no schema knows does not leave either, since it may be anything. */
export function isRestricted({ treatments }: Privacy): boolean {
  return PERSONAL_KINDS.some((kind) => treatments[kind] !== "keep");
}

/** What becomes of a field of these kinds: what is asked for any of them, and dropping comes before a pseudonym. */
export function treatmentOf({ treatments }: Privacy, kinds: readonly PersonalKind[]): Treatment {
  const asked = new Set(kinds.map((kind) => treatments[kind]));
  if (asked.has("drop")) return "drop";
  return asked.has("pseudonymize") ? "pseudonymize" : "keep";
}

/** The kinds of which a field's pseudonym can be made. */
export function pseudonymizable(kinds: readonly PersonalKind[]): readonly PersonalKind[] {
  return kinds.filter((kind) => PSEUDONYMIZABLE.includes(kind));
}
