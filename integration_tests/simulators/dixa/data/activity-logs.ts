import { pick, unit } from "../random.ts";
import { AGENTS, CUSTOMERS, QUEUES, TAGS } from "./people.ts";
import { CSID_MARK, DATE_TIME_MARK, UUID_MARK } from "./template.ts";

const [agent, colleague] = AGENTS.map(({ id, name, email }) => ({ id, name, email }));
const [user, newUser] = CUSTOMERS.map(({ id, name, email }) => ({ id, name, email }));
const MESSAGE_ID = "c0000000-0000-4000-8000-000000000001";

type Kind = [type: string, attributes: Record<string, unknown> | null];

const WITHOUT_ATTRIBUTES = [
  "ConversationClosed",
  "ConversationPending",
  "ConversationReopened",
  "ConversationOfferAccepted",
  "ConversationOfferRejected",
  "ConversationOfferTimeout",
  "ConversationRatingCancelled",
  "ConversationRatingUnscheduled",
  "ConversationTranscriptionStarted",
  "FollowupAdded",
  "FollowupExpired",
  "FollowupRemoved",
];

function linked(linkType: string): Record<string, unknown> {
  return {
    parent: 10_000_123,
    child: 10_000_124,
    linkType,
    _type: "ConversationLinkedAttribute",
  };
}

function transferred(
  to: string,
  destinationId: string | undefined,
  destinationLabel: string | undefined,
  reason: string | null = null,
): Record<string, unknown> {
  return {
    transferType: to,
    destinationType: to,
    destinationId,
    destinationLabel,
    reason,
    _type: "ConversationTransferredAttribute",
  };
}

/**
 * Every kind of activity that Dixa's OpenAPI documents name, with its attributes, and one that they don't name yet;
 * `zone` stands behind instants.
 */
function kinds(zone: string): Kind[] {
  return [
    [
      "ConversationCreatedByCustomer",
      { subject: "Where is my refund?", _type: "ConversationCreatedAttribute" },
    ],
    ["ConversationCreatedByAgent", { subject: null, _type: "ConversationCreatedAttribute" }],
    [
      "MessageAddedByCustomer",
      { messageId: MESSAGE_ID, fromEndpoint: "ada@example.org", _type: "MessageAddedAttribute" },
    ],
    ["MessageAddedByAgent", { messageId: MESSAGE_ID, avatarUrl: null, _type: "MessageAddedAttribute" }],
    [
      "ConversationOffered",
      { agentNames: ["Grace Agent"], queueLabel: "Support", _type: "ConversationOfferedAttribute" },
    ],
    [
      "ConversationAssigned",
      { agentId: agent?.id, agentName: agent?.name, _type: "ConversationAssignedAttribute" },
    ],
    ["ConversationUnassigned", { agent, _type: "ConversationUnassignedAttribute" }],
    [
      "ConversationClaimed",
      { claimedFromLabel: "VIP", claimedFromType: "Queue", _type: "ConversationClaimedAttribute" },
    ],
    [
      "ConversationReserved",
      {
        agent,
        queueId: QUEUES[0]?.id,
        queueName: QUEUES[0]?.name,
        reservationType: "Preferred",
        validUntil: `2025-01-01T12:00:00.000Z${zone}`,
        _type: "ConversationReservedAttribute",
      },
    ],
    ["TransferInitiated", transferred("Queue", QUEUES[1]?.id, "Returns")],
    [
      "ConversationRated",
      { agent: colleague, score: 5, message: "ok [GMT]", _type: "ConversationRatedAttribute" },
    ],
    ["ConversationRatingOffered", { agent, user, _type: "ConversationRatingOfferedAttribute" }],
    [
      "ConversationRatingScheduled",
      {
        ratingScheduledTime: `2025-01-01T12:00:00Z${zone}`,
        _type: "ConversationRatingScheduledAttribute",
      },
    ],
    [
      "ConversationRatingNotOffered",
      { evaluationFilters: "OfferedWithinLastDays", _type: "ConversationRatingNotOfferedAttribute" },
    ],
    [
      "ConversationEndUserReplaced",
      { oldUser: user, newUser, _type: "ConversationEndUserReplacedAttribute" },
    ],
    ["ConversationLanguageUpdated", { language: "da", _type: "ConversationLanguageUpdatedAttribute" }],
    [
      "ConversationAutoreplySent",
      { templateName: "Out of hours", _type: "ConversationAutoReplySentAttribute" },
    ],
    ["NoteAdded", { message: 'note "with" \\ and {braces}', avatarUrl: null, _type: "NoteAddedAttribute" }],
    ["TagAdded", { tag: TAGS[0]?.name, _type: "TagAddedAttribute" }],
    ["TagRemoved", { tag: TAGS[3]?.name, _type: "TagRemovedAttribute" }],
    [
      "ConversationChannelChanged",
      { channelReference: "email", _type: "ConversationChannelChangedAttribute" },
    ],
    [
      "ConversationCustomAttributesUpdated",
      {
        updatedAttributeIds: ["a1"],
        updatedAttributeValues: { a1: ["x", "y"], a2: "z" },
        _type: "ConversationCustomAttributesUpdatedAttribute",
      },
    ],
    ["ConversationLinkedToParent", linked("FollowUp")],
    [
      "ConversationResolvedStateToggled",
      { isResolved: true, _type: "ConversationResolvedStateToggledAttribute" },
    ],
    [
      "ConversationMessageRedacted",
      {
        messageId: MESSAGE_ID,
        numberOfDeletedFiles: 2,
        wasTextRedacted: true,
        _type: "MessageRedactedAttribute",
      },
    ],
    [
      "ConversationTranscriptionEnded",
      { isSuccessful: false, failureReason: "noise", _type: "ConversationTranscriptionEndedAttribute" },
    ],
    [
      "ConversationSubjectUpdated",
      { oldSubject: "a", newSubject: "b", _type: "ConversationSubjectUpdatedAttribute" },
    ],
    ["ConversationUnlinkedFromChild", linked("SideConversation")],
    ["ConversationUnlinkedToParent", linked("SideConversation")],
    ["ConversationLinkedFromChild", linked("EmailForward")],
    ["TransferSuccessful", transferred("Agent", agent?.id, agent?.name)],
    ["TransferFailed", transferred("Agent", agent?.id, agent?.name, "agent is offline")],
    ...WITHOUT_ATTRIBUTES.map((type): Kind => [type, null]),
    ["SomethingOfTomorrow", { whatever: { deep: [true, null, 1.5] }, _type: "SomethingOfTomorrowAttribute" }],
  ];
}

/** Kinds that are newer than the deprecated member, by how they begin. */
const NEWER =
  /^Conversation(ChannelChanged|CustomAttributes|Linked|Unlinked|MessageRedacted|RatingNotOffered|Resolved|Subject)|^Something/;

function deprecatedType(type: string): string {
  if (type === "ConversationReserved") return "ConversationReservedType";
  return NEWER.test(type) ? "UnknownActivityType" : `${type}ActivityType`;
}

/** Whether instants carry the `[GMT]` that the examples of Dixa's OpenAPI document show. */
export type ZoneNames = "none" | "all" | "mixed";

/** One of the shapes that a row of `conversations/activitylog` takes, with marks in it. */
export function activityLogShape(seed: number, variant: number, zones: ZoneNames): Record<string, unknown> {
  const random = (salt: number) => unit(seed, variant, 200 + salt);
  const zone = zones === "all" || (zones === "mixed" && random(1) < 0.5) ? "[GMT]" : "";
  const all = kinds(zone);
  const [type, attributes] = all[variant % all.length] ?? pick(all, random(2));
  const author = random(3) < 0.5 ? agent : user;
  return {
    id: UUID_MARK,
    conversationId: CSID_MARK,
    activityTimestamp: `${DATE_TIME_MARK}${zone}`,
    activityType: deprecatedType(type),
    _type: type,
    ...(random(4) < 0.8 ? { author } : {}),
    ...(attributes === null ? {} : { attributes }),
  };
}
