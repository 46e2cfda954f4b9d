import {
  type DeliveryStatus,
  type Subscription,
  type Subscriptions,
} from "../../dixa/webhooks/subscriptions.ts";
import { type SubscriptionReport } from "../store/subscription.ts";

/** What is asked of Dixa about its webhooks. */
export type WatchedSubscriptions = Pick<Subscriptions, "deliveryStatus" | "list" | "switchTo">;

export interface LookOptions {
  credentialId: string;
  /** Where Dixa should send to; null: only how the address must end is known. */
  webhookUrl: string | null;
  /** Whether a subscription that is found off may be switched on. */
  switchesOn: boolean;
  /** Told why it could not be switched on. */
  onNotSwitched: (error: unknown) => void;
  /** Told why the deliveries of one that is or was off are not known. */
  onUnknown: (error: unknown) => void;
}

/** Longest part of what Dixa says of a delivery that is kept. Characters. */
const TEXT_LENGTH = 80;

/**
 * Asks Dixa how the webhooks of a credential fare, and switches them on if that is wanted.
 *
 * @throws what {@link Subscriptions} throws; nothing is known then
 */
export async function lookAtSubscriptions(
  subscriptions: WatchedSubscriptions,
  options: LookOptions,
): Promise<SubscriptionReport> {
  const own = ownOf(await subscriptions.list(), options);
  const [first] = own;
  if (first === undefined) return { state: "missing", failing: null, failedAt: null, wasOff: false };
  let enabled = own.filter((subscription) => subscription.enabled);
  const wasOff = enabled.length === 0 && options.switchesOn;
  if (wasOff) {
    try {
      const { enabled: isOn } = await subscriptions.switchTo(first.id, true);
      if (isOn) enabled = [first];
    } catch (error) {
      options.onNotSwitched(error);
    }
  }
  const isOn = enabled.length > 0;
  const statuses: DeliveryStatus[] = [];
  try {
    for (const { id } of isOn ? enabled : own) statuses.push(...(await subscriptions.deliveryStatus(id)));
  } catch (error) {
    // That it is off, or was until now, can't be found out by a later look; how deliveries fare can.
    if (isOn && !wasOff) throw error;
    options.onUnknown(error);
  }
  return { state: isOn ? "on" : "off", ...failureIn(statuses), wasOff: wasOff && isOn };
}

/** Those with the address of now; or if there are none, those of the credential at an address of before. */
function ownOf(all: readonly Subscription[], { credentialId, webhookUrl }: LookOptions): Subscription[] {
  const path = `/webhooks/dixa/${credentialId}`.toLowerCase();
  const own = all.filter(({ url }) => URL.parse(url)?.pathname.toLowerCase().endsWith(path));
  const exact = own.filter(({ url }) => url.toLowerCase() === webhookUrl?.toLowerCase());
  return exact.length > 0 ? exact : own;
}

/** The newest delivery that failed, of those that no later one of the same event has followed. */
function failureIn(statuses: readonly DeliveryStatus[]): Pick<SubscriptionReport, "failing" | "failedAt"> {
  const failed = statuses
    .flatMap(({ event, last }) => (last?.succeeded === false ? [{ event, last }] : []))
    .map(({ event, last }) => {
      const at = last.at === undefined ? Number.NaN : Date.parse(last.at);
      return { event, last, at: Number.isNaN(at) ? null : at };
    })
    .sort((a, b) => (b.at ?? -1) - (a.at ?? -1));
  const [newest] = failed;
  if (newest === undefined) return { failing: null, failedAt: null };
  const { event, last, at } = newest;
  const said = [last.status, last.text].filter((part) => part !== undefined && part !== "").join(", ");
  const when = at === null ? "" : ` at ${new Date(at).toISOString()}`;
  const printable = said.replaceAll(/[^\x20-\x7e]+/g, " ").slice(0, TEXT_LENGTH);
  return { failing: `${event}${when}${printable === "" ? "" : ` (${printable})`}`, failedAt: at };
}
