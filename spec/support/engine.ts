import { z } from "zod";

import { runSync, type SyncRunResult } from "../../integration_tests/support/sync-run.ts";
import { followedFields } from "../../src/dixa/streams/followed.ts";
import { type DixaStream, type FollowedStream, type ListedStream } from "../../src/dixa/streams/stream.ts";
import { TOKEN } from "./dixa.ts";
import { type Loopback } from "./loopback.ts";
import { SkippingClock } from "./skipping-clock.ts";

export interface EngineOptions {
  streams: readonly DixaStream[];
  syncMode?: "full_refresh" | "incremental";
  /** Number of the job; each is a generation of its own. Undefined: the client counts none. */
  job?: number | undefined;
  /** STATE messages. */
  state?: unknown;
  config?: Record<string, unknown>;
  clock?: SkippingClock;
  signal?: AbortSignal;
}

/** One sync of streams that need not be among the connector's own, against a server in Dixa's place. */
export function runEngine(server: Loopback, options: EngineOptions): Promise<SyncRunResult> {
  const { streams, syncMode = "full_refresh", job, config } = options;
  const numbers = job === undefined ? {} : { generation_id: job, minimum_generation_id: job, sync_id: job };
  const { origin } = server.url;
  return runSync({
    streams,
    catalog: {
      streams: streams.map(({ name }) => ({ stream: { name }, sync_mode: syncMode, ...numbers })),
    },
    state: options.state ?? [],
    config: {
      ...{ api_token: TOKEN, start_date: "2024-01-01", lookback_minutes: 0 },
      ...{ exports_url: origin, api_url: origin, api_requests_per_second: 1000 },
      ...{ exports_requests_per_minute: 6000, ...config },
    },
    clock: options.clock ?? new SkippingClock(),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** A listed stream of rows with an id; nothing else of it is of interest. */
export function listedStream(more: Partial<ListedStream> = {}): ListedStream {
  return {
    kind: "listed",
    name: "things",
    description: "",
    schema: z.object({ id: z.string() }),
    primaryKey: ["id"],
    list: { path: "/v1/things", paged: true },
    ...more,
  };
}

/** A followed stream of rows with an id. */
export function followedStream(name: string): FollowedStream {
  return {
    kind: "followed",
    name,
    description: "",
    schema: z.object({ ...followedFields, id: z.string() }),
    primaryKey: ["conversationId", "id"],
    path: `/v1/conversations/{conversationId}/${name}`,
  };
}
