import { AGENTS, CUSTOMERS, QUEUES, TAGS } from "../simulators/dixa/data/people.ts";
import { type History, Story } from "../simulators/dixa/data/story.ts";
import { type Schedule } from "./business-time.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A Thursday; Copenhagen's clocks go back three days later. */
export const BEGIN = Date.UTC(2026, 9, 22, 6, 30);

const [grace, soren, zoe] = AGENTS as [(typeof AGENTS)[0], (typeof AGENTS)[0], (typeof AGENTS)[0]];
const [ada] = CUSTOMERS as [(typeof CUSTOMERS)[0]];
const [support, returns] = QUEUES as [(typeof QUEUES)[0], (typeof QUEUES)[0]];
const [refund, vip] = TAGS as [(typeof TAGS)[0], (typeof TAGS)[0]];

function story(id: number, options: Partial<ConstructorParameters<typeof Story>[0]> = {}): Story {
  return new Story({ id, createdAt: BEGIN, customer: ada, channel: "email", queue: support, ...options });
}

const asked = (id: number) => story(id).begunByCustomer().customerWrites();

/** One conversation for each case that a definition names. */
export const SCENARIOS: Readonly<Record<string, History>> = {
  "answered once and closed": asked(101)
    .wait(HOUR_MS)
    .assigned(grace)
    .agentReplies(grace)
    .closed(grace)
    .told(),
  "never answered": asked(102).wait(DAY_MS).customerWrites("Hello?").told(),
  "automatic replies and notes only": asked(103)
    .automaticReply("autoreply")
    .wait(1000)
    .automaticReply("authorless")
    .wait(1000)
    .automaticReply(grace)
    .wait(MINUTE_MS)
    .note(grace)
    .note(soren)
    .told(),
  "reopened and closed again": asked(104)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .closed(grace)
    .wait(DAY_MS)
    .reopened()
    .customerWrites("Still broken.")
    .wait(HOUR_MS)
    .agentReplies(soren)
    .closed(soren)
    .wait(1000)
    .closed(undefined)
    .told(),
  "closed, reopened and still open": asked(105)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .closed(grace)
    .wait(DAY_MS)
    .reopened()
    .told(),
  "pending is no closing": asked(106)
    .wait(HOUR_MS)
    .assigned(grace)
    .pending(grace)
    .wait(DAY_MS)
    .reopened()
    .agentReplies(grace)
    .told(),
  "transferred to a queue and to an agent": asked(107)
    .wait(MINUTE_MS)
    .assigned(grace)
    .wait(MINUTE_MS)
    .transferred(grace, returns, "Queue")
    .wait(2 * HOUR_MS)
    .assigned(soren)
    .wait(MINUTE_MS)
    .transferred(soren, zoe, "Agent", false)
    .wait(MINUTE_MS)
    .transferred(soren, zoe, "Agent")
    .wait(MINUTE_MS)
    .agentReplies(zoe)
    .closed(zoe)
    .told(),
  "offered until somebody takes it": asked(108)
    .offered(grace)
    .wait(30_000)
    .offerAnswered(grace, "Timeout")
    .offered(soren)
    .wait(10_000)
    .offerAnswered(soren, "Rejected")
    .offered(zoe)
    .wait(10_000)
    .offerAnswered(zoe, "Accepted")
    .assigned(zoe)
    .wait(MINUTE_MS)
    .agentReplies(zoe)
    .told(),
  "claimed and given back": asked(109)
    .wait(MINUTE_MS)
    .claimed(grace)
    .wait(HOUR_MS)
    .unassigned(grace)
    .wait(HOUR_MS)
    .assigned(soren)
    .wait(MINUTE_MS)
    .other()
    .told(),
  "transfers whose outcome or destination is not told": asked(122)
    .wait(MINUTE_MS)
    .other("TransferInitiated")
    .wait(MINUTE_MS)
    .other("TransferInitiated")
    .other("TransferSuccessful")
    .wait(MINUTE_MS)
    .agentReplies(grace)
    .told(),
  "linked to another, and not any more": asked(123)
    .wait(MINUTE_MS)
    .linkedToParent(101, "SideConversation")
    .wait(HOUR_MS)
    .other("ConversationUnlinkedToParent")
    .told(),
  "merged into another": asked(110)
    .wait(MINUTE_MS)
    .linkedToParent(101, "Merge")
    .wait(1000)
    .closed(grace)
    .told(),
  "begun by an agent": story(111)
    .begunByAgent(grace)
    .agentReplies(grace)
    .wait(DAY_MS)
    .customerWrites("Thanks")
    .wait(HOUR_MS)
    .agentReplies(grace)
    .closed(grace)
    .told(),
  "imported: in messages only": story(112, { createdAt: BEGIN - 400 * DAY_MS })
    .customerWrites()
    .wait(HOUR_MS)
    .automaticReply("autoreply")
    .agentReplies(grace)
    .wait(HOUR_MS)
    .agentReplies(soren)
    .note(soren)
    .closed(soren)
    .logSince(Infinity)
    .told(),
  "imported: outbound, without a log": story(113)
    .begunByAgent(grace)
    .agentReplies(grace)
    .closed(grace)
    .logSince(Infinity)
    .told(),
  "older than the log": asked(114)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .closed(grace)
    .wait(DAY_MS)
    .reopened()
    .agentReplies(soren)
    .note(soren)
    .closed(soren)
    .logSince(BEGIN + 2 * HOUR_MS)
    .told(),
  "anonymised: authors are gone": asked(115)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .closed(grace)
    .wait(DAY_MS)
    .anonymized()
    .told(),
  "rated, tagged, in a field with choices": asked(116)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .tagged(refund, grace)
    .tagged(vip, grace)
    .closed(grace)
    .wait(HOUR_MS)
    .rated(grace, 5, "Quick")
    .told({
      custom_fields: [
        {
          attribute_id: "a1",
          identifier: "topics",
          value: ["returns", "size"],
          data_type: "multiselect",
          archived: false,
        },
        { attribute_id: "a2", identifier: "order", value: "A-1", data_type: "text", archived: false },
      ],
    }),
  "asked for a rating in vain": asked(117)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .closed(grace)
    .rated(grace, undefined)
    .told(),
  "a status that nobody knows": asked(118)
    .wait(HOUR_MS)
    .agentReplies(grace)
    .told({ status: "a_status_of_tomorrow" }),
  "without a queue, over a weekend": story(119, { queue: null, createdAt: BEGIN + 1.4 * DAY_MS })
    .begunByCustomer()
    .customerWrites()
    .wait(2.9 * DAY_MS)
    .agentReplies(soren)
    .closed(soren)
    .told(),
  "answered on a holiday": story(120, { createdAt: Date.UTC(2026, 11, 23, 15) })
    .begunByCustomer()
    .customerWrites()
    .wait(30 * HOUR_MS)
    .agentReplies(soren)
    .told(),
  "asked on a day with other hours": story(121, { createdAt: Date.UTC(2026, 11, 31, 6) })
    .begunByCustomer()
    .customerWrites()
    .wait(26 * HOUR_MS)
    .agentReplies(soren)
    .told(),
};

const open = (dayOfWeek: number, ...intervals: [string, string][]) => ({
  name: `Day ${dayOfWeek}`,
  dayOfWeek,
  businessHourType: "Regular",
  status: "Open",
  startDate: "2026-01-05",
  intervals: intervals.map(([startTime, endTime]) => ({ startTime, endTime })),
});

/** Two spans a day, one through Sunday's midnight, holidays, a day with other hours, and a change of clocks within. */
export const SCHEDULE: Schedule = {
  id: "a0d559bf-cdf8-4088-841d-f3807b93272e",
  name: "Main",
  timezone: "Europe/Copenhagen",
  businessHours: [
    ...[1, 2, 3, 4, 5].map((day) => open(day, ["08:30", "12:00"], ["12:30", "17:00"])),
    { ...open(6), status: "Closed" },
    open(7, ["00:00", "05:15"], ["20:00", "00:00"]),
  ],
  exceptions: [
    {
      status: "Closed",
      intervals: [],
      startDate: "2025-12-24",
      recurring: { dayOfMonth: 24, monthOfYear: 12 },
    },
    { status: "Open", intervals: [{ startTime: "09:00", endTime: "11:00" }], startDate: "2026-12-31" },
  ],
};
