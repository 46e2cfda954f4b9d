import { z } from "zod";

import { byId } from "./by-id.ts";
import { integer, text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

const interval = z.object({
  startTime: text("none", "Begin, hours and minutes in the schedule's time zone"),
  endTime: text("none", "End, hours and minutes in the schedule's time zone"),
});
const intervals = z.array(interval).describe("From when to when");

const regular = z.object({
  name: text("none", "Name of the day"),
  dayOfWeek: integer("Day of the week, from 1 for Monday"),
  businessHourType: text("none", "Kind of entry, `Regular`"),
  status: text("none", "`Open` or `Closed`"),
  intervals,
  startDate: text("none", "Day from which it holds, `YYYY-MM-DD`"),
});

const recurring = z.object({
  dayOfMonth: integer("Day of the month"),
  monthOfYear: integer("Month, from 1 for January"),
  holiday: text("none", "Name of a holiday that moves"),
});

const exception = z.object({
  name: text("none", "Name of the day, for example a holiday"),
  businessHourType: text("none", "Kind of entry: `Exception` or `Holiday`"),
  status: text("none", "`Open` or `Closed`"),
  intervals,
  recurring: recurring.describe("When it comes again"),
  startDate: text("none", "Day of the exception, `YYYY-MM-DD`"),
  nextDate: text("none", "Day on which it comes next, `YYYY-MM-DD`"),
});

/** Names and types: Dixa's OpenAPI document, the `definition` of a schedule. */
const schedule = z.object({
  id: text("none", "The schedule's id"),
  name: text("none", "The schedule's name for people"),
  timezone: text("none", "Time zone of all its times, for example `Europe/Copenhagen`"),
  businessHours: z.array(regular).describe("Hours of an ordinary week"),
  exceptions: z.array(exception).describe("Days that are different"),
});

/** Business hours: `GET /v1/business-hours/schedules/{scheduleId}/definition` of the Dixa API. */
export const businessHours: ListedStream = {
  kind: "listed",
  name: "business_hours",
  description: "Schedules of opening hours, with their exceptions",
  schema: schedule,
  primaryKey: ["id"],
  list: {
    path: "/v1/business-hours/schedules/{scheduleId}/definition",
    rows: ["data", "schedule"],
    isSingle: true,
  },
  parents: {
    list: { path: "/v1/business-hours/schedules", rows: ["data", "schedules"] },
    parameters: byId("scheduleId"),
  },
};
