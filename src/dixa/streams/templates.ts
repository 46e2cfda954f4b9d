import { z } from "zod";

import { dateTime, flag, text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

const translation = z.object({
  locale: text("none", "Language, with script and country where they matter, for example `de-AT`"),
  content: text("none", "The template in this language"),
  isDeactivated: flag("Whether this translation is switched off"),
  subject: text("none", "The subject in this language"),
});

/** Both kinds of template in one. The company writes them, with placeholders for people. Dixa's OpenAPI document. */
const template = z.object({
  id: text("none", "The template's id"),
  _type: text("none", "Kind of template: `EmailAutoReply` or `QuickResponse`"),
  name: text("none", "The template's name for agents"),
  content: text("none", "The template, with placeholders such as `{{csid}}`"),
  subject: text("none", "The subject, with placeholders"),
  createdBy: text("none", "Id of the agent who made it, as in `agents`"),
  createdAt: dateTime("When it was made"),
  lastEditedBy: text("none", "Id of the agent who last changed it, as in `agents`"),
  lastEditedAt: dateTime("When it was last changed"),
  translations: z.array(translation).describe("The template in other languages"),
});

/** Templates: `GET /v1/templates` of the Dixa API. */
export const templates: ListedStream = {
  kind: "listed",
  name: "templates",
  description: "Quick responses and automatic replies, with their translations",
  schema: template,
  primaryKey: ["id"],
  list: { path: "/v1/templates", paged: true },
};
