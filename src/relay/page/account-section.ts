import { formatDuration } from "../config/scalars.ts";
import { activityRow } from "./activity-row.ts";
import { pendingChart } from "./chart.ts";
import { connectionItem } from "./connection-item.ts";
import { actionForm, time } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { type CredentialModel } from "./model.ts";
import { owedLine } from "./owed-line.ts";
import { pager } from "./pager.ts";

/** An account with its connections and what happened to them lately. */
export function accountSection(credential: CredentialModel, csrf: string): Html {
  const { now, id, name, status, connections, page, pages, events, activity, pendingAge, problem, isStored } =
    credential;
  const lastEventAt = status?.lastEventAt ?? null;
  return html`<section class="card" aria-labelledby="c-${id}">
    <header>
      <div>
        <h2 id="c-${id}"><a href="/accounts/${id}">${name}</a></h2>
        ${name !== id && html`<code class="id">${id}</code>`}
      </div>
      <div class="actions">
        ${isStored && html`<a class="button" href="/accounts/${id}/manage">Change</a>`}
        ${actionForm(`/page/credentials/${id}/sync`, "Sync now", csrf, `Sync all connections of ${name} now`, "primary")}
      </div>
    </header>
    ${problem !== undefined && html`<p class="bad">${problem} <a href="/accounts/${id}/setup">Finish its set-up</a></p>`}
    <div class="facts">
      <dl>
        <div>
          <dt>Last event</dt>
          <dd>${lastEventAt === null ? "none yet" : time(lastEventAt, now)}</dd>
        </div>
        <div>
          <dt>Events so far</dt>
          <dd>${(status?.seq ?? 0).toLocaleString("en")}</dd>
        </div>
        <div>
          <dt>Oldest unsynced</dt>
          <dd>${pendingAge === undefined ? "none" : formatDuration(Math.floor(pendingAge / 1000) * 1000)}</dd>
        </div>
      </dl>
      ${pendingChart(credential.samples, now)}
    </div>
    <p class="hook">
      ${
        credential.webhookUrl !== null && html`Dixa sends to <code>${credential.webhookUrl}</code> · `
      }${credential.auth === "none" ? html`<strong class="bad">${AUTH.none}</strong>` : AUTH[credential.auth]}
    </p>
    ${owedLine(credential)}
    <h3>Connections</h3>
    ${
      connections.length === 0
        ? html`<p class="empty">
            No Airbyte connection of this credential is known yet. A source belongs to it when its field
            <code>credential_id</code> holds the id above.
            <a href="/accounts/${id}/setup">How far its set-up has come</a>
          </p>`
        : html`<ul class="connections">
            ${connections.map((connection) => connectionItem(connection, now, csrf))}
          </ul>`
    }
    ${pager({ page, pages }, "Connections", `/accounts/${id}?`)}
    <div class="columns">
      <div>
        <h3>Last events</h3>
        ${
          events.length === 0
            ? html`<p class="empty">None yet.</p>`
            : html`<table class="history">
                <thead class="hidden">
                  <tr>
                    <th>When</th>
                    <th>Event</th>
                  </tr>
                </thead>
                <tbody>
                  ${events.map(
                    ({ receivedAt, eventType, seq }) =>
                      html`<tr>
                        <td>${time(receivedAt, now)}</td>
                        <td><code>${eventType}</code> <small>#${seq}</small></td>
                      </tr>`,
                  )}
                </tbody>
              </table>`
        }
      </div>
      <div>
        <h3>Last jobs</h3>
        ${
          activity.length === 0
            ? html`<p class="empty">None yet.</p>`
            : html`<table class="history">
                <thead class="hidden">
                  <tr>
                    <th>When</th>
                    <th>What</th>
                  </tr>
                </thead>
                <tbody>
                  ${activity.map((item) => activityRow(item, now, connections.length > 1))}
                </tbody>
              </table>`
        }
      </div>
    </div>
    <p class="asof">As of ${time(now, now, "clock")}.</p>
  </section>`;
}

const AUTH = {
  signature: "proved by Dixa's signature",
  basic: "proved by user name and password",
  bearer: "proved by a token",
  none: "not proved by anything: whoever knows the address can cause syncs",
} as const;
