/**
 * The events that Dixa can send, by their names in its API. A webhook carries the other spelling, the `event_fqn`:
 * upper-case words joined by underscores. Dixa adds events, so no list of them is ever complete.
 */
export const API_EVENTS = [
  "ConversationCreated",
  "ConversationOpen",
  "ConversationPending",
  "ConversationPendingExpired",
  "ConversationClosed",
  "ConversationAbandoned",
  "ConversationEnqueued",
  "ConversationAssigned",
  "ConversationUnassigned",
  "ConversationTransferred",
  "ConversationMessageAdded",
  "ConversationNoteAdded",
  "ConversationTagAdded",
  "ConversationTagRemoved",
  "ConversationRated",
  "ConversationEndUserReplaced",
  "ConversationCustomAttributeUpdated",
  "ConversationMessageDeliverySent",
  "ConversationMessageDeliveryDelivered",
  "ConversationMessageDeliverySeen",
  "ConversationMessageDeliveryFailed",
  "ConversationMessageDeliveryInfo",
  "ConversationMessageDeliverySpamComplaint",
  "AgentBannedEnduser",
  "AgentUnbannedEnduser",
  "AgentBannedIp",
  "AgentUnbannedIp",
  "SLAEvaluationPending",
  "SLAEvaluationBreached",
  "SLAEvaluationAchieved",
  "SLAEvaluationVoided",
  "TypingStarted",
] as const;

export const EVENT_GROUPS = [
  "conversation",
  "message",
  "delivery",
  "agent",
  "sla",
  "typing",
  "other",
] as const;

export type EventGroup = (typeof EVENT_GROUPS)[number];

/** `ConversationTagAdded` → `CONVERSATION_TAG_ADDED`, `SLAEvaluationVoided` → `SLA_EVALUATION_VOIDED`. */
export function toFqn(apiName: string): string {
  return apiName
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toUpperCase();
}

/** The group of an event, by the words of its fqn; events that this version has never heard of have one too. */
export function groupOf(fqn: string): EventGroup {
  if (/(^|_)TYPING(_|$)/.test(fqn)) return "typing";
  if (/^(CONVERSATION_)?MESSAGE_DELIVERY_/.test(fqn)) return "delivery";
  if (/^(CONVERSATION_)?MESSAGE_/.test(fqn)) return "message";
  if (fqn.startsWith("CONVERSATION_")) return "conversation";
  if (fqn.startsWith("AGENT_")) return "agent";
  if (fqn.startsWith("SLA_")) return "sla";
  return "other";
}

/** Which events lead to a sync. */
export class EventFilter {
  readonly #isAll: boolean;
  readonly #groups: ReadonlySet<string>;
  readonly #fqns: ReadonlySet<string>;

  /**
   * @param selection groups, names in Dixa's API or fqns. `all` is every event but typing, which an agent at work
   *   sends by the minute and which changes no row: it must be named.
   */
  constructor(selection: readonly string[]) {
    this.#isAll = selection.includes("all");
    this.#groups = new Set(selection.filter((name) => isGroup(name)));
    this.#fqns = new Set(selection.filter((name) => !isGroup(name) && name !== "all").map(spelled));
  }

  accepts(fqn: string): boolean {
    const group = groupOf(fqn);
    return this.#groups.has(group) || this.#fqns.has(spelled(fqn)) || (this.#isAll && group !== "typing");
  }

  /** What to subscribe to in Dixa. */
  get apiEvents(): string[] {
    return API_EVENTS.filter((name) => this.accepts(toFqn(name)));
  }
}

/** An fqn without its underscores: where Dixa sets them (`END_USER` or `ENDUSER`) is not documented for all events. */
function spelled(name: string): string {
  return toFqn(name).replaceAll("_", "");
}

function isGroup(name: string): boolean {
  return (EVENT_GROUPS as readonly string[]).includes(name);
}

/** Whether a word may stand in a selection: a group, a name in the API, or anything spelled like an fqn. */
export function isEventSelector(name: string): boolean {
  return (
    name === "all" ||
    isGroup(name) ||
    (API_EVENTS as readonly string[]).includes(name) ||
    /^[A-Z0-9]+(_[A-Z0-9]+)+$/.test(name)
  );
}
