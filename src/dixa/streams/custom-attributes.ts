import { z } from "zod";

import { ofKind } from "../personal.ts";
import { dateTime, flag, integer, text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** Options nest to any depth; a schema has to end somewhere, so the third level is whatever comes. */
const option = (nested: z.ZodType) =>
  z.object({
    id: text("none", "The option's id"),
    label: text("none", "Name of the option for people"),
    value: text("none", "Name of the option for programs"),
    nestedOptions: z.array(nested).describe("Options below this one"),
    isDeactivated: flag("Whether the option can't be chosen any more"),
    orderIndex: integer("Place among its neighbours"),
  });

/** Both kinds of input in one; `_type` says which one it is. */
const inputDefinition = z.object({
  _type: text("none", "Whether text is entered or options are chosen: `Text` or `Select`"),
  placeholder: text("none", "What an empty text field shows"),
  options: z.array(option(option(ofKind("none", z.looseObject({}))))).describe("What can be chosen"),
});

/** Names and types: Dixa's OpenAPI document. */
const customAttribute = z.object({
  id: text("none", "The attribute's id"),
  entityType: text("none", "What it belongs to: `Conversation` or `Contact`"),
  identifier: text("none", "Name of the attribute for programs"),
  label: text("none", "Name of the attribute for people"),
  inputDefinition: inputDefinition.describe("What can be entered"),
  description: text("none", "What the attribute is for"),
  createdAt: dateTime("When the attribute was made"),
  updatedAt: dateTime("When the attribute was last changed"),
  isRequired: flag("Whether it has to be filled in"),
  isArchived: flag("Whether the attribute is archived"),
  isDeactivated: flag("Whether the attribute is switched off"),
});

/** Custom attributes: `GET /v1/custom-attributes` of the Dixa API. */
export const customAttributes: ListedStream = {
  kind: "listed",
  name: "custom_attributes",
  description: "Definitions of the fields that the company added to conversations and customers",
  schema: customAttribute,
  primaryKey: ["id"],
  list: { path: "/v1/custom-attributes" },
};
