import { type DixaConfig } from "../../dixa/config.ts";
import { Dixa } from "../../dixa/dixa.ts";
import { type Clock } from "../../http/clock.ts";
import { VERSION } from "../../version.ts";

export function openDixa(config: DixaConfig, clock: Clock): Dixa {
  const { apiToken, exportsUrl, apiUrl, exportsRequestsPerMinute, apiRequestsPerSecond, workers } = config;
  return new Dixa({
    apiToken,
    exportsUrl,
    apiUrl,
    exportsRequestsPerMinute,
    apiRequestsPerSecond,
    connections: workers,
    userAgent: `source-dixa/${VERSION}`,
    clock,
  });
}
