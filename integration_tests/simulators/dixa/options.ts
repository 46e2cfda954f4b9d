import { type Reach } from "./api-host.ts";
import { type Bounds } from "./bounds.ts";
import { type DatasetOptions } from "./data/dataset.ts";
import { type FaultOptions } from "./faults.ts";
import { type PageKeyKind } from "./page-keys.ts";
import { type RequestLog } from "./request-log.ts";
import { type DeliveryOptions } from "./webhooks/delivery.ts";

export interface DixaSimulatorOptions extends DatasetOptions {
  /** The API token. At least eight characters with a digit, which is what test suites take for a secret. */
  token?: string;
  /** How the bounds of a window are read. Default "from". */
  bounds?: Bounds;
  /** The activity log compares whole seconds. Default true. */
  wholeSeconds?: boolean;
  /** Default "length". */
  reach?: Reach;
  /** Rows in no order. Default false. */
  shuffle?: boolean;
  /** Compress answers, if the client takes it. Default true. */
  gzip?: boolean;
  /** Time before an answer begins, ms. */
  latencyMs?: number;
  /** Bytes a second of one body, uncompressed. Default: no limit. */
  bytesPerSecond?: number;
  /** Dixa's limits: 10 a minute on the Exports API, 10 a second with a burst of 4 on the Dixa API. Default true. */
  limits?: boolean;
  /** Requests a minute on the Exports API. Default 10. */
  exportsPerMinute?: number;
  /** Whether a request over the limit is told in `Retry-After` when to come back. Default false. */
  retryAfter?: boolean;
  /** Rows a page of the activity log has at most. Default 10,000. */
  largestPage?: number;
  /** Rows a page of any other list has at most. Default 100. */
  largestListPage?: number;
  /** Every so many pages of such a list one is empty, although more follow. Default: none is. */
  emptyPageEvery?: number;
  /** Rows that a conversation's messages, notes and ratings have a page at most. Default: they come without pages. */
  largestChildPage?: number;
  /** Default "lasting". */
  pageKeys?: PageKeyKind;
  /** Customers of the account. Default 250; those who ask in conversations come first. */
  endUsers?: number;
  /** Share of conversations, 0 to 1, that the exports have and whose messages, notes and ratings answer 404. Default 0.03. */
  goneShare?: number;
  /** Webhooks that the account has from the start; they send nothing. Default 0. */
  sampleWebhooks?: number;
  faults?: FaultOptions;
  /** How webhooks are delivered. */
  webhooks?: DeliveryOptions;
  /** Lets other processes change the account under `/__control/` on the Dixa API's host. Default false. */
  control?: boolean;
  /** Where limits and the `Date` header read the time, ms UTC. */
  now?: () => number;
  /** Ports of the two hosts. Default: any that is free. */
  exportsPort?: number;
  apiPort?: number;
  /** Called while a body is sent, so that a test can change rows meanwhile. */
  onProgress?: () => void;
  /** Called when a request has been answered. */
  onRequest?: (request: RequestLog) => void;
}
