import { type ZoneNames } from "../data/activity-logs.ts";
import { AGENTS, TAGS } from "../data/people.ts";
import { instantOf, withOffset, withZoneName } from "./instants.ts";
import { type Row } from "./table.ts";

const uuid = (kind: string, index: number) =>
  `${kind.repeat(8)}-8888-4888-8888-${String(index).padStart(12, "0")}`;
const agentId = (index: number) => AGENTS[index % AGENTS.length]?.id;

/** All tags; `GET /v1/tags` leaves those out that are not active, unless asked for. */
export function tags(): Row[] {
  return TAGS.map(({ id, name, is_deactivated }, index) => ({
    id,
    name,
    ...(index % 2 === 0 ? { color: `#${String(index).repeat(6)}` } : {}),
    state: is_deactivated ? "Inactive" : "Active",
  }));
}

/** `GET /v1/templates`. */
export function templates(): Row[] {
  const translation = (locale: string, index: number): Row => ({
    locale,
    content: `Hej {{requester_firstname}} (${locale})`,
    isDeactivated: index % 2 === 1,
    ...(index === 0 ? { subject: `Emne ${locale}` } : {}),
  });
  return Array.from({ length: 7 }, (_, index) => ({
    id: uuid("a", index),
    name: `Template ${index}`,
    content: `Hi {{requester_firstname}},\n\nabout {{csid}} – "number ${index}"\n{{agent_firstname}}`,
    createdBy: agentId(index),
    createdAt: withOffset(instantOf(index)),
    ...(index % 2 === 0
      ? { lastEditedBy: agentId(index + 1), lastEditedAt: withOffset(instantOf(index + 90)) }
      : {}),
    ...(index % 3 === 0 ? { translations: ["da", "de-AT", "uz-Arab-AF"].map(translation) } : {}),
    ...(index % 3 === 1 ? { subject: "About {{csid}}" } : {}),
    _type: index % 2 === 0 ? "QuickResponse" : "EmailAutoReply",
  }));
}

/** `GET /v1/custom-attributes`, with options nested to three levels. */
export function customAttributes(zones: ZoneNames): Row[] {
  let count = 0;
  const option = (label: string, nestedOptions: Row[] = []): Row => ({
    id: uuid("b", count),
    label,
    value: label.toLowerCase(),
    nestedOptions,
    isDeactivated: count % 3 === 2,
    orderIndex: count++,
  });
  const definitions: [entityType: string, identifier: string, inputDefinition: Row][] = [
    ["Conversation", "order_number", { placeholder: "A-1001", _type: "Text" }],
    [
      "Conversation",
      "topics",
      {
        options: [
          option("Returns", [option("Too small", [option("Shoes", [option("Left")])]), option("Broken")]),
          option("Size"),
        ],
        _type: "Select",
      },
    ],
    ["Contact", "location", { options: [], _type: "Select" }],
    ["Contact", "nickname", { _type: "Text" }],
  ];
  return definitions.map(([entityType, identifier, inputDefinition], index) => ({
    id: index === 0 ? "77777777-7777-4777-8777-777777777777" : uuid("c", index),
    entityType,
    identifier,
    label: identifier.replaceAll("_", " "),
    inputDefinition,
    ...(index % 2 === 0 ? { description: `What ${identifier} is for` } : {}),
    createdAt: withZoneName(instantOf(index), zones, index),
    ...(index % 2 === 0 ? { updatedAt: withZoneName(instantOf(index + 9), zones, index + 1) } : {}),
    isRequired: index === 0,
    isArchived: index === 2,
    isDeactivated: index === 3,
  }));
}
