import { type ZoneNames } from "../data/activity-logs.ts";

const BASE_MS = Date.UTC(2024, 0, 15, 8);
const DAY_MS = 86_400_000;

/** Instant number `index` of the account's settings, ms UTC. */
export function instantOf(index: number): number {
  return BASE_MS + index * DAY_MS + index * 61_001;
}

/** As agents, customers and webhooks have their instants: whole seconds and `Z`. */
export function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** As presence has its instants: milliseconds without a zone. */
export function withoutZone(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1);
}

/** As templates have their instants: an offset in place of `Z`. */
export function withOffset(ms: number): string {
  return `${withoutZone(ms)}+00:00`;
}

/** As messages, notes, custom attributes and articles have their instants in the examples of Dixa's document. */
export function withZoneName(ms: number, zones: ZoneNames, index: number): string {
  const isNamed = zones === "all" || (zones === "mixed" && index % 2 === 0);
  return `${new Date(ms).toISOString()}${isNamed ? "[GMT]" : ""}`;
}
