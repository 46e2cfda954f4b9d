import { z } from "zod";

import { ConnectorError } from "./failure.ts";
import { describeShape } from "./issues.ts";
import { type StreamDescriptor, streamDescriptorSchema, streamKey } from "./stream-descriptor.ts";

const json = z.record(z.string(), z.unknown());
const stats = z.looseObject({
  recordCount: z.number().optional(),
  rejectedRecordCount: z.number().optional(),
});

/** A STATE as a source puts it out. LEGACY is left out on purpose: the platform does not take it any more. */
export const stateSchema = z.looseObject({
  type: z.enum(["STREAM", "GLOBAL"]),
  stream: z
    .looseObject({ stream_descriptor: streamDescriptorSchema, stream_state: json.optional() })
    .optional(),
  global: z.looseObject({ shared_state: json.optional(), stream_states: z.array(json) }).optional(),
  sourceStats: stats.optional(),
  destinationStats: stats.optional(),
});

/** What an earlier sync has left, by stream. What a stream's own state means is the stream's business. */
export interface InputState {
  /** All streams that have a state. */
  readonly streams: readonly StreamDescriptor[];
  /** The state of one stream; null if the stream was reset, undefined if nothing is said of it. */
  get(stream: { name: string; namespace?: string | undefined }): unknown;
}

const streamState = z.looseObject({
  stream_descriptor: z.looseObject({ name: z.string(), namespace: z.string().nullish() }),
  stream_state: z.unknown().optional(),
});
const entry = z.looseObject({
  stream: streamState.nullish(),
  global: z.looseObject({ stream_states: z.array(streamState).nullish() }).nullish(),
  // Dumps of Python models carry this name, since `global` is a keyword there.
  global_: z.looseObject({ stream_states: z.array(streamState).nullish() }).nullish(),
  data: json.nullish(),
});
const bookmarks = z.looseObject({ bookmarks: json });
const ENVELOPE_KEYS: ReadonlySet<string> = new Set(["type", "stream", "global", "global_", "data", "state"]);

/**
 * Reads a state file, in every form that is in use: a list of STATE messages (with or without envelope), one of them,
 * the deprecated object of stream name to state, and the `bookmarks` of a Singer tap. Null means no state.
 *
 * @throws ConnectorError config_error if it is none of these
 */
export function parseInputState(input: unknown): InputState {
  const states: States = new Map();
  for (const item of Array.isArray(input) ? (input as unknown[]) : [input]) addItem(item, states);
  return {
    streams: [...states.values()].filter(({ state }) => state !== null).map(({ stream }) => stream),
    get: (stream) => states.get(streamKey(stream))?.state,
  };
}

/** By the key of their streams. */
type States = Map<string, { stream: StreamDescriptor; state: unknown }>;

function addItem(item: unknown, states: States): void {
  if (item === null || item === undefined) return;
  const object = json.safeParse(item).data;
  if (object === undefined || Array.isArray(item)) throw unusable(item);
  if (object["type"] === "STATE") {
    // Singer taps call it `value`.
    const state = object["state"] ?? object["value"];
    if (state === undefined || state === null) throw unusable(item);
    addItem(state, states);
    return;
  }
  const singer = bookmarks.safeParse(object);
  if (singer.success) {
    addAll(singer.data.bookmarks, states);
    return;
  }
  if (!Object.keys(object).some((key) => ENVELOPE_KEYS.has(key))) {
    addAll(object, states);
    return;
  }
  const parsed = entry.safeParse(object);
  if (!parsed.success) throw unusable(item);
  const { stream, global, global_: pythonGlobal, data } = parsed.data;
  if (data !== null && data !== undefined) addAll(data, states);
  // Read as no state, a state that was damaged would begin everything anew without a word.
  if (object["type"] === "STREAM" && (stream === undefined || stream === null)) throw unusable(item);
  const globals = [...(global?.stream_states ?? []), ...(pythonGlobal?.stream_states ?? [])];
  for (const { stream_descriptor: descriptor, stream_state: state } of stream
    ? [...globals, stream]
    : globals) {
    add(descriptor, state, states);
  }
}

function addAll(object: Record<string, unknown>, states: States): void {
  for (const [name, state] of Object.entries(object)) add({ name }, state, states);
}

/** @param state null or missing is how the platform says that the stream was reset */
function add(
  { name, namespace }: { name: string; namespace?: string | null | undefined },
  state: unknown,
  states: States,
): void {
  const stream = { name, ...(namespace === null || namespace === undefined ? {} : { namespace }) };
  states.set(streamKey(stream), { stream, state: state ?? null });
}

function unusable(item: unknown): ConnectorError {
  return new ConnectorError(
    "config_error",
    `The state is not usable: it holds ${describeShape(item)} where a STATE message should be. ` +
      "Pass a file that this connector has written, or leave --state out to read everything.",
  );
}
