import { z } from "zod";

import { CONVERSATION_UPDATED_AT } from "../../src/dixa/streams/followed.ts";
import { followedStreams, listedStreams, windowedStreams } from "../../src/dixa/streams/index.ts";
import { type List, type ListedStream, type Parents } from "../../src/dixa/streams/stream.ts";
import { type DixaSimulator, type RequestLog } from "../simulators/dixa/index.ts";
import { type lastStates } from "../support/messages.ts";

export type States = ReturnType<typeof lastStates>;
type Interval = readonly [lo: number, hi: number];

const instant = z.union([z.number(), z.string().transform((text) => Date.parse(text))]);
const ranges = z.looseObject({ ahead: z.array(z.tuple([instant, instant])).default([]) });
const position = z.looseObject({
  list: z.string().optional(),
  page: z.object({ key: z.string().nullable(), last: z.string() }).optional(),
  up_to_parent: z.string().optional(),
});

const EXPORT = "/v1/conversation_export";
const WINDOW_PATHS: Readonly<Record<string, string>> = {
  conversations: EXPORT,
  messages: "/v1/message_export",
  activity_logs: "/v1/conversations/activitylog",
};

/** What a state says of a stream; undefined if there is none. */
function stateOf(states: States, name: string): unknown {
  return states.find(({ stream }) => stream?.stream_descriptor.name === name)?.stream?.stream_state;
}

/** The spans of the cursor that the states say are out, ms UTC. */
function covered(states: States, name: string, cursorField: string): Interval[] {
  const state = stateOf(states, name);
  if (state === undefined) return [];
  const { ahead, ...rest } = ranges.parse(state);
  return [[-Infinity, instant.parse(rest[cursorField])], ...ahead];
}

/** The span of rows that a request is surely for: without the overlap and the outward rounding. */
function askedFor({ query }: RequestLog): Interval {
  const after = query["updated_after"] ?? query["created_after"];
  const before = query["updated_before"] ?? query["created_before"];
  if (after !== undefined) return [Number(after) + 1, Number(before)];
  return [Date.parse(query["fromDatetime"] ?? "") + 2000, Date.parse(query["toDatetime"] ?? "") - 1000];
}

const overlaps = ([lo, hi]: Interval, spans: readonly Interval[]) =>
  spans.some(([from, to]) => lo < to && hi > from);

const isWithin = ([lo, hi]: Interval, spans: readonly Interval[]) =>
  spans.some(([from, to]) => from <= lo && hi <= to);

const told = ({ path, query }: RequestLog) => `${path}?${new URLSearchParams(query).toString()}`;

/**
 * Requests for windows that a state covers. The followed streams list conversations by the same requests as the stream
 * of conversations, so that those of one of them are explained by the other, but only once.
 */
function windowsAgain(requests: readonly RequestLog[], states: States): string[] {
  const cursorOf = new Map(windowedStreams.map(({ name, cursorField }) => [name, cursorField]));
  const spansOf = (name: string) => covered(states, name, cursorOf.get(name) ?? CONVERSATION_UPDATED_AT);
  const listed = new Set<string>();
  return requests
    .filter((request) => {
      const name = Object.keys(WINDOW_PATHS).find((stream) => WINDOW_PATHS[stream] === request.path);
      if (name === undefined || !overlaps(askedFor(request), spansOf(name))) return false;
      if (request.path !== EXPORT) return true;
      const isFollowed = followedStreams.some(({ name: own }) => !isWithin(askedFor(request), spansOf(own)));
      const isTwice = listed.has(told(request));
      if (request.fault === undefined) listed.add(told(request));
      return !isFollowed || isTwice;
    })
    .map(told);
}

/** Requests for the children of conversations that a state covers. */
function conversationsAgain(
  requests: readonly RequestLog[],
  states: States,
  updatedAt: ReadonlyMap<number, number>,
): string[] {
  return followedStreams.flatMap(({ name, path }) => {
    const spans = covered(states, name, CONVERSATION_UPDATED_AT);
    return requests
      .filter((request) => {
        const at = updatedAt.get(Number(matching(path).exec(request.path)?.[1])) ?? NaN;
        return overlaps([at, at + 1], spans);
      })
      .map(told);
  });
}

function matching(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{\w+\}/g, "([^/]+)")}$`);
}

/** Every list that a stream asks for: its own and those of its parents. */
function listsOf({ list, parents }: { list?: List; parents?: Parents | undefined }): List[] {
  const own = list === undefined ? [] : [list];
  return parents === undefined || "values" in parents ? own : [...own, ...listsOf(parents)];
}

/**
 * Requests for lists that are complete, for pages before the one that a list goes on from, and for parents whose rows
 * are out.
 *
 * @param earlier all requests of the same job before these
 */
function listsAgain(
  requests: readonly RequestLog[],
  states: States,
  earlier: readonly RequestLog[],
): string[] {
  const at = new Map(listedStreams.map(({ name }) => [name, position.parse(stateOf(states, name) ?? {})]));
  const isComplete = ({ name }: ListedStream) => at.get(name)?.list === "complete";
  const again: RequestLog[] = [];
  for (const stream of listedStreams) {
    const own = matching(stream.list.path);
    const users = listedStreams.filter((other) =>
      listsOf(other).some(({ path }) => path === stream.list.path),
    );
    const asked = requests.filter(({ path }) => own.test(path));
    // Its answer tells Dixa's clock, too.
    if (stream.name === "organization") asked.shift();
    const { page, up_to_parent: parent } = at.get(stream.name) ?? {};
    if (users.every(isComplete)) again.push(...asked);
    else if (users.length > 1) continue;
    else if (page !== undefined)
      again.push(...asked.filter((request) => pageOf(request) < numberOf(page.key)));
    else if (parent !== undefined) {
      const before = earlier.filter(({ path }) => own.test(path)).map(told);
      const isOf = (line: string) => wordsOf(parent).every((word) => line.includes(word));
      const done = new Set(before.slice(0, before.findLastIndex(isOf) + 1));
      again.push(...asked.filter((request) => done.has(told(request))));
    }
  }
  return again.map(told);
}

const wordsOf = (parent: string) =>
  Object.values(JSON.parse(parent) as Record<string, string>).map(encodeURIComponent);
const pageOf = ({ query }: RequestLog) => numberOf(query["pageKey"] ?? null);
const numberOf = (key: string | null) =>
  Number(new URLSearchParams(Buffer.from(key ?? "", "base64").toString("utf8")).get("page") ?? 0);

/** All requests of a sync that ask again for what the states that it began with say is out. */
export function repeatedRequests(
  requests: readonly RequestLog[],
  states: States,
  earlier: readonly RequestLog[],
  updatedAt: ReadonlyMap<number, number>,
): string[] {
  return [
    ...windowsAgain(requests, states),
    ...conversationsAgain(requests, states, updatedAt),
    ...listsAgain(requests, states, earlier),
  ];
}

/** How many conversations were asked for in both of two syncs, for the stream of which there were most. */
export function mostReadAgain(before: readonly RequestLog[], after: readonly RequestLog[]): number {
  const counts = followedStreams.map(({ path }) => {
    const idsOf = (requests: readonly RequestLog[]) =>
      new Set(requests.flatMap((request) => matching(path).exec(request.path)?.[1] ?? []));
    const again = idsOf(after);
    return [...idsOf(before)].filter((id) => again.has(id)).length;
  });
  return Math.max(...counts);
}

/** `updated_at` of every conversation that the simulator has, by id, ms UTC. */
export function updatedAtOf({ dataset }: DixaSimulator): Map<number, number> {
  const { span, streams } = dataset;
  return new Map(Array.from(streams.conversations.truth(span), ({ id, cursor }) => [Number(id), cursor]));
}
