import { type DixaSimulatorOptions } from "./options.ts";
import { DixaSimulator } from "./simulator.ts";

export { type Reach } from "./api-host.ts";
export { BOUNDS, type Bounds } from "./bounds.ts";
export { type Happening } from "./control.ts";
export { type StreamName } from "./data/stream-name.ts";
export { ALL_FAULTS, type Fault, PASSING_FAULTS } from "./faults.ts";
export { type HostName } from "./host-name.ts";
export { type DixaSimulatorOptions } from "./options.ts";
export { type RequestLog } from "./request-log.ts";
export { DixaSimulator } from "./simulator.ts";
export { LEGACY_TOKEN, POWERLESS_TOKEN } from "./tokens.ts";
export { type DeliveryLog } from "./webhooks/delivery.ts";

/** @throws Error if a port is taken */
export async function startDixaSimulator(options: DixaSimulatorOptions = {}): Promise<DixaSimulator> {
  const simulator = new DixaSimulator(options);
  try {
    await simulator.listen();
  } catch (error) {
    await simulator.close();
    throw error;
  }
  return simulator;
}
