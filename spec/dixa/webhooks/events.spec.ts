import { describe, expect, test } from "@jest/globals";

import {
  API_EVENTS,
  EventFilter,
  groupOf,
  isEventSelector,
  toFqn,
} from "../../../src/dixa/webhooks/events.ts";

describe("names of events", () => {
  test.each([
    ["ConversationCreated", "CONVERSATION_CREATED", "conversation"],
    ["ConversationPendingExpired", "CONVERSATION_PENDING_EXPIRED", "conversation"],
    ["ConversationEndUserReplaced", "CONVERSATION_END_USER_REPLACED", "conversation"],
    ["ConversationMessageAdded", "CONVERSATION_MESSAGE_ADDED", "message"],
    ["ConversationMessageDeliverySpamComplaint", "CONVERSATION_MESSAGE_DELIVERY_SPAM_COMPLAINT", "delivery"],
    ["AgentBannedIp", "AGENT_BANNED_IP", "agent"],
    ["SLAEvaluationBreached", "SLA_EVALUATION_BREACHED", "sla"],
    ["TypingStarted", "TYPING_STARTED", "typing"],
  ])("%s arrives as %s, of the group %s", (apiName, fqn, group) => {
    expect(toFqn(apiName)).toBe(fqn);
    expect(toFqn(fqn)).toBe(fqn);
    expect(groupOf(fqn)).toBe(group);
  });

  test("that are new have a group too", () => {
    expect(groupOf("CONVERSATION_MERGED")).toBe("conversation");
    expect(groupOf("PARCEL_LOST")).toBe("other");
    expect(groupOf("UNKNOWN")).toBe("other");
  });

  test.each([["all"], ["typing"], ["ConversationClosed"], ["PARCEL_LOST"]])("%s can be selected", (name) => {
    expect(isEventSelector(name)).toBe(true);
  });

  test.each([["All"], ["conversations"], ["ConversationClosd"], [""], ["closed"], ["A_"]])(
    "%j can't be selected",
    (name) => {
      expect(isEventSelector(name)).toBe(false);
    },
  );
});

describe("a filter of events", () => {
  test("of all lets everything pass but typing", () => {
    const filter = new EventFilter(["all"]);
    for (const name of API_EVENTS) expect(filter.accepts(toFqn(name))).toBe(name !== "TypingStarted");
    expect(filter.accepts("PARCEL_LOST")).toBe(true);
    expect(filter.accepts("UNKNOWN")).toBe(true);
    expect(filter.apiEvents).toEqual(API_EVENTS.filter((name) => name !== "TypingStarted"));
  });

  test("lets typing pass when it is named", () => {
    expect(new EventFilter(["all", "typing"]).apiEvents).toEqual([...API_EVENTS]);
  });

  test("of groups lets their events pass, known and new, and no others", () => {
    const filter = new EventFilter(["conversation", "message"]);
    expect(filter.accepts("CONVERSATION_CLOSED")).toBe(true);
    expect(filter.accepts("CONVERSATION_MERGED")).toBe(true);
    expect(filter.accepts("CONVERSATION_MESSAGE_ADDED")).toBe(true);
    expect(filter.accepts("CONVERSATION_MESSAGE_DELIVERY_SEEN")).toBe(false);
    expect(filter.accepts("SLA_EVALUATION_BREACHED")).toBe(false);
  });

  test("of single events takes either spelling, wherever Dixa sets the underscores", () => {
    const filter = new EventFilter(["ConversationClosed", "AGENT_BANNED_ENDUSER"]);
    expect(filter.accepts("CONVERSATION_CLOSED")).toBe(true);
    expect(filter.accepts("AGENT_BANNED_END_USER")).toBe(true);
    expect(filter.accepts("CONVERSATION_OPEN")).toBe(false);
    expect(filter.apiEvents).toEqual(["ConversationClosed", "AgentBannedEnduser"]);
  });
});
