import { AGENTS, QUEUES } from "../data/people.ts";
import { ORGANIZATION_ID } from "./directory.ts";
import { type Row } from "./table.ts";

const uuid = (kind: string, index: number) =>
  `${kind.repeat(8)}-6666-4666-8666-${String(index).padStart(12, "0")}`;

/** `GET /v1/contact-endpoints`: all mailboxes and numbers of the company. */
export function contactEndpoints(): Row[] {
  return [
    { address: "support@email.dixa.io", name: "Support", _type: "EmailEndpoint" },
    {
      address: "returns@email.dixa.io",
      senderOverride: "returns@shop.example.com",
      name: "Returns",
      _type: "EmailEndpoint",
    },
    { address: "unnamed@email.dixa.io", name: null, _type: "EmailEndpoint" },
    {
      number: "+4500000010",
      functionality: ["VoiceInbound", "VoiceOutbound"],
      name: "Hotline",
      _type: "TelephonyEndpoint",
    },
    { number: "+4500000012", functionality: ["Sms"], _type: "TelephonyEndpoint" },
  ];
}

/** `GET /v1/queues`: those that conversations are in, the first with all that a queue can have. */
export function queues(): Row[] {
  return QUEUES.map(({ id, name }, index) => ({
    id,
    name,
    isDefault: index === 0,
    organizationId: ORGANIZATION_ID,
    queueThresholds:
      index === 0
        ? {
            SlaTimeLimit: 60,
            SlaPercentage: 80,
            AvailableAgents: 2,
            LongestWait: 300,
            WaitingConversations: 9,
          }
        : { SlaPercentage: 10 * index },
    slaCalculationMethod: "AbandonedIgnored",
    ...(index === 3
      ? {}
      : {
          offerTimeout: 20 + index,
          offeringAlgorithm: ["LongestIdle", "AllAtOnce", "OneAtATimeRandom"][index],
          memberListType: index === 1 ? "SkillBased" : "Default",
          wrapupTimeout: 30,
          priority: index + 1,
          offerAbandonedConversations: index === 1,
          isPreferredAgentEnabled: index === 0,
          preferredAgentOfflineTimeout: 500,
          personalAgentOfflineTimeout: 600,
          isRestricted: index === 2,
        }),
    ...(index === 0
      ? {
          usages: {
            queueId: id,
            usages: Object.fromEntries(CHANNELS.map((channel) => [channel, [`${channel} of ${name}`]])),
          },
          preferredAgentTimeouts: Object.fromEntries(CHANNELS.map((channel, at) => [channel, 300 + at])),
        }
      : {}),
    doNotOfferTimeouts:
      index === 0 ? Object.fromEntries(CHANNELS.map((channel, at) => [channel, at + 1])) : {},
    isDoNotOfferEnabled: index === 0,
  }));
}

/** `GET /v1/queues/{queueId}/members`; the last queue has none. */
export function queueMembers(queue: number): Row[] {
  if (queue === QUEUES.length - 1) return [];
  return AGENTS.filter((_, index) => (index + queue) % 3 !== 0).map(({ id }, index) => ({
    agentId: id,
    ...(index === 1 ? {} : { priority: index + 1 }),
  }));
}

/** The channels of the Dixa API. */
export const CHANNELS = [
  "WhatsApp",
  "Voicemail",
  "WidgetChat",
  "FacebookMessenger",
  "Twitter",
  "Email",
  "ContactForm",
  "Callback",
  "PstnPhone",
  "Sms",
  "Messenger",
] as const;

/** Those that `GET /v1/conversations/flows` takes. */
export const FLOW_CHANNELS: readonly string[] = CHANNELS.filter(
  (channel) => channel !== "Twitter" && channel !== "Sms",
);

/** All flows; `GET /v1/conversations/flows` gives those of one channel. */
export function flows(): Row[] {
  return FLOW_CHANNELS.flatMap((channel, index) =>
    // One channel has none, and one has two.
    Array.from({ length: channel === "Voicemail" ? 0 : channel === "PstnPhone" ? 2 : 1 }, (_, turn) => ({
      id: uuid(String(turn + 1), index),
      name: `Flow ${turn + 1} of ${channel}`,
      channel,
      contactEndpointId: channel === "PstnPhone" ? "+4500000010" : `${channel.toLowerCase()}@email.dixa.io`,
    })),
  );
}

/** `GET /v1/business-hours/schedules/{scheduleId}/definition` of every schedule. */
export function schedules(): Row[] {
  const day = (name: string, dayOfWeek: number, intervals: Row[]): Row => ({
    name,
    dayOfWeek,
    businessHourType: "Regular",
    status: intervals.length === 0 ? "Closed" : "Open",
    intervals,
    startDate: `2026-01-${String(dayOfWeek + 4).padStart(2, "0")}`,
  });
  return [
    {
      id: uuid("7", 0),
      name: "Office",
      timezone: "Europe/Copenhagen",
      businessHours: [
        day("Monday", 1, [
          { startTime: "08:00", endTime: "12:00" },
          { startTime: "13:00", endTime: "16:30" },
        ]),
        day("Sunday", 7, []),
      ],
      exceptions: [
        {
          name: "New Year",
          businessHourType: "Holiday",
          status: "Closed",
          intervals: [],
          recurring: { dayOfMonth: 1, monthOfYear: 1, holiday: "NewYear" },
          startDate: "2026-01-01",
          nextDate: "2027-01-01",
        },
        {
          name: "Stocktaking",
          businessHourType: "Exception",
          status: "Open",
          intervals: [{ startTime: "12:00", endTime: "14:00" }],
          startDate: "2026-03-02",
        },
      ],
    },
    { id: uuid("7", 1), name: "Always", timezone: "UTC" },
    {
      id: uuid("7", 2),
      name: "Nothing yet",
      timezone: "America/New_York",
      businessHours: [],
      exceptions: [],
    },
  ];
}
