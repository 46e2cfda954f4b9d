import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

import { type Clock } from "../../http/clock.ts";
import { VERSION } from "../../version.ts";
import { type CurrentConfig } from "../accounts/current-config.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { Mapping } from "../dispatch/mapping.ts";
import { SharedRateBudget } from "../dispatch/shared-rate-budget.ts";
import { messageOf } from "../store/error-message.ts";
import { type Store } from "../store/store.ts";
import { type Logger } from "../telemetry/log.ts";
import { type Metrics } from "../telemetry/metrics.ts";
import { logNote } from "../telemetry/note-log.ts";
import { CurrentAirbyte } from "./current-airbyte.ts";
import { limitsOf } from "./current-limits.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { mappingRequest } from "./mapping-request.ts";
import { type Trouble } from "./trouble.ts";

export interface AirbyteSideOptions {
  current: CurrentConfig;
  store: Store;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  trouble: Trouble;
}

/** The parts that talk to Airbyte. None has begun. */
export interface AirbyteSide {
  readonly airbyte: CurrentAirbyte;
  readonly dispatcher: Dispatcher;
  readonly directory: DirectoryWatch;
}

export function openAirbyteSide(options: AirbyteSideOptions): AirbyteSide {
  const { current, store, clock, logger, metrics, trouble } = options;
  const { onError } = trouble;
  const limits = limitsOf(current);
  const airbyte = new CurrentAirbyte(current.value.airbyte, {
    clock,
    userAgent: `dixa-relay/${VERSION}`,
    budget: new SharedRateBudget({ store, limits, clock, onError }),
    onUnreadableRow: (fault) => {
      trouble.warn("unreadable row", `left out of Airbyte's list: ${fault}`);
    },
  });
  const dispatcher = new Dispatcher({
    store,
    airbyte,
    clock,
    owner: `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`,
    limits,
    onNote: (connection, note) => {
      metrics.noted(note);
      logNote(logger, connection, note);
    },
    onError,
  });
  const mapping = new Mapping({
    store,
    airbyte,
    clock,
    wanted: () => mappingRequest(current),
    onError: (connectionId, error) => {
      trouble.warn("unreadable", `connection ${connectionId} can't be read: ${messageOf(error)}`);
    },
  });
  return { airbyte, dispatcher, directory: new DirectoryWatch(mapping, logger, metrics) };
}
