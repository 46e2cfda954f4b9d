import { type PhaseName } from "../coalescer/connection-state.ts";
import { type CredentialSummary } from "../store/credential.ts";
import { label, type MetricHead, metricText } from "./metric-text.ts";

const STATES: readonly { readonly phase: PhaseName; readonly label: string }[] = (
  ["CLEAN", "PENDING", "CLAIMED", "TRACKING", "BUSY", "BACKOFF", "PARKED"] as const
).map((phase) => ({ phase, label: label("state", phase.toLowerCase()) }));

const gauge = (name: string, help: string): MetricHead => ({
  name: `dixa_relay_${name}`,
  help,
  type: "gauge",
});

const AGE = gauge(
  "pending_age_seconds",
  "Age of the oldest event that some connection of the credential has not synced yet; 0 if there is none.",
);
const CONNECTIONS = gauge(
  "connections",
  "Connections by state, without those that are gone or carry another credential now.",
);
const SUBSCRIPTION = gauge(
  "subscription_on",
  "1 if Dixa's webhook of the credential is switched on, 0 if it is off or missing; absent while Dixa has not been asked, and without a token to ask with.",
);
const FAILING = gauge(
  "deliveries_failing",
  "1 if Dixa says that the last delivery of some event of the credential failed, else 0; absent while Dixa has not been asked, and without a token to ask with.",
);

/**
 * What the store knows of each credential, as Prometheus' text.
 *
 * @param now ms UTC
 */
export function credentialGauges(summaries: readonly CredentialSummary[], now: number): string {
  const ages: [string, number][] = [];
  const connections: [string, number][] = [];
  const subscriptions: [string, number][] = [];
  const failing: [string, number][] = [];
  for (const { credentialId, pendingSince, phases, subscription } of summaries) {
    const of = label("credential", credentialId);
    ages.push([of, pendingSince === null ? 0 : Math.max(0, now - pendingSince) / 1000]);
    for (const state of STATES) connections.push([`${of},${state.label}`, phases[state.phase] ?? 0]);
    if (subscription === null) continue;
    subscriptions.push([of, subscription.state === "on" ? 1 : 0]);
    failing.push([of, subscription.failing === null ? 0 : 1]);
  }
  return (
    metricText(AGE, ages) +
    metricText(CONNECTIONS, connections) +
    metricText(SUBSCRIPTION, subscriptions) +
    metricText(FAILING, failing)
  );
}
