/** A schedule as Dixa's `business_hours` tells it; only what counts for time. */
export interface Schedule {
  id: string;
  name: string;
  timezone: string;
  businessHours: { dayOfWeek: number; status: string; intervals: Interval[] }[];
  exceptions: {
    status: string;
    intervals: Interval[];
    startDate: string;
    nextDate?: string;
    recurring?: { dayOfMonth: number; monthOfYear: number };
  }[];
}

interface Interval {
  startTime: string;
  endTime: string;
}

const MINUTE_MS = 60_000;

/** Whether a minute of local time is open, looked up by the clock on the wall there. */
class OpenMinutes {
  readonly #schedule: Schedule;
  readonly #clock: Intl.DateTimeFormat;
  readonly #days = new Map<string, [from: number, to: number][]>();
  readonly #asked = new Map<number, boolean>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#clock = new Intl.DateTimeFormat("sv-SE", {
      timeZone: schedule.timezone,
      dateStyle: "short",
      timeStyle: "short",
    });
  }

  /** @param instant any within the minute, ms UTC */
  isOpen(instant: number): boolean {
    const minute = Math.floor(instant / MINUTE_MS);
    let isOpen = this.#asked.get(minute);
    if (isOpen === undefined) this.#asked.set(minute, (isOpen = this.#look(instant)));
    return isOpen;
  }

  #look(instant: number): boolean {
    const [date, time] = this.#clock.format(instant).split(" ") as [string, string];
    const minute = minuteOf(time);
    return this.#intervals(date).some(([from, to]) => minute >= from && minute < to);
  }

  #intervals(date: string): [from: number, to: number][] {
    let found = this.#days.get(date);
    if (found === undefined) this.#days.set(date, (found = this.#hoursOf(date)));
    return found;
  }

  #hoursOf(date: string): [from: number, to: number][] {
    const { businessHours, exceptions } = this.#schedule;
    const day = new Date(`${date}T00:00:00Z`);
    const special = exceptions.filter(
      ({ startDate, nextDate, recurring }) =>
        date === startDate ||
        date === nextDate ||
        (recurring?.dayOfMonth === day.getUTCDate() && recurring.monthOfYear === day.getUTCMonth() + 1),
    );
    const weekday = day.getUTCDay() === 0 ? 7 : day.getUTCDay();
    const entries =
      special.length > 0 ? special : businessHours.filter(({ dayOfWeek }) => dayOfWeek === weekday);
    return entries
      .filter(({ status }) => status === "Open")
      .flatMap(({ intervals }) =>
        intervals.map(({ startTime, endTime }): [number, number] => [
          minuteOf(startTime),
          minuteOf(endTime) || 1440,
        ]),
      );
  }
}

const clocks = new WeakMap<Schedule, OpenMinutes>();

/** Open minutes from one instant to another, found by asking minute after minute. ms UTC */
export function businessMinutes(schedule: Schedule, from: number, to: number): number {
  let clock = clocks.get(schedule);
  if (clock === undefined) clocks.set(schedule, (clock = new OpenMinutes(schedule)));
  let open = 0;
  for (let at = from; at < to; at = (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS) {
    const end = Math.min(to, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
    if (clock.isOpen(at)) open += end - at;
  }
  return open / MINUTE_MS;
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number) as [number, number];
  return hours * 60 + minutes;
}
