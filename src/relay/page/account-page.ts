import { type AccountHistory } from "./account-history.ts";
import { accountSection } from "./account-section.ts";
import { historyCharts } from "./history-charts.ts";
import { type Html, html } from "./html.ts";
import { type CredentialModel } from "./model.ts";

/** One account with its history. */
export function accountPage(model: CredentialModel, history: AccountHistory, csrf: string): Html {
  return html`<p class="back"><a href="/">All accounts</a></p>
    ${accountSection(model, csrf)} ${historyCharts(history, model.now)}`;
}
