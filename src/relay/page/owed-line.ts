import { WHY_OWED } from "../telemetry/describe-owed.ts";
import { time } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { type CredentialModel } from "./model.ts";

/** What was made good, and what Dixa says of its webhook where that is worth a line. */
export function owedLine({ status, now }: Pick<CredentialModel, "now" | "status">): Html {
  const owed = status?.owed ?? null;
  const subscription = status?.subscription ?? null;
  const pendingSince = status?.pendingSince ?? null;
  const isDone = owed !== null && (pendingSince === null || pendingSince > owed.at);
  return html`${
    owed !== null &&
    html`<p class="hook owed">
      ${isDone ? "Owed a sync, and had it" : html`<strong class="bad">Owes a sync</strong>`}:
      ${WHY_OWED[owed.reason]} (${time(owed.at, now)}).
    </p>`
  }${
    subscription !== null &&
    (subscription.state !== "on" || subscription.failing !== null) &&
    html`<p class="hook">
      <strong class="bad">${SUBSCRIPTION[subscription.state]}</strong>${
        subscription.failing !== null && html` Its last delivery of ${subscription.failing} failed.`
      }
      Found so ${time(subscription.since, now)}.
    </p>`
  }`;
}

const SUBSCRIPTION = {
  on: "Dixa's webhook is on, and not all of it arrives.",
  off: "Dixa's webhook is switched off: no event comes.",
  missing: "Dixa has no webhook with this address: no event comes.",
} as const;
