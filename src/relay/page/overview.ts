import { formatDuration } from "../config/scalars.ts";
import { activityRow } from "./activity-row.ts";
import { pendingChart } from "./chart.ts";
import { connectionItem } from "./connection-item.ts";
import { actionForm, time } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { type CredentialModel, type PageModel } from "./model.ts";

/** The part of the page that is renewed while one looks at it. */
export function overview(model: PageModel, csrf: string): Html {
  return html`${model.credentials.map((credential) => credentialSection(credential, model.now, csrf))}
    ${pager(model)}
    <p class="asof">As of ${time(model.now, model.now, "clock")}.</p>`;
}

function pager({ page, pages }: PageModel): Html | false {
  if (pages === 1) return false;
  const link = (to: number, words: string) => html`<a href="/?page=${to}">${words}</a>`;
  return html`<nav aria-label="Credentials">
    ${page > 1 && link(page - 1, "Previous")} Page ${page} of ${pages}
    ${page < pages && link(page + 1, "Next")}
  </nav>`;
}

function credentialSection(credential: CredentialModel, now: number, csrf: string): Html {
  const { id, name, status, connections, moreConnections, events, activity, pendingAge } = credential;
  const lastEventAt = status?.lastEventAt ?? null;
  return html`<section class="credential" aria-labelledby="c-${id}">
    <header>
      <div>
        <h2 id="c-${id}">${name}</h2>
        ${name !== id && html`<code class="id">${id}</code>`}
      </div>
      ${actionForm(`/page/credentials/${id}/sync`, "Sync now", csrf, `Sync all connections of ${name} now`, "primary")}
    </header>
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
    <h3>Connections</h3>
    ${
      connections.length === 0
        ? html`<p class="empty">
            No Airbyte connection of this credential is known yet. A source belongs to it when its field
            <code>credential_id</code> holds the id above.
          </p>`
        : html`<ul class="connections">
            ${connections.map((connection) => connectionItem(connection, now, csrf))}
          </ul>`
    }
    ${moreConnections > 0 && html`<p class="empty">And ${moreConnections} more; <code>dixa-relay status --credential ${id}</code> lists all.</p>`}
    <div class="columns">
      <div>
        <h3>Last events</h3>
        ${
          events.length === 0
            ? html`<p class="empty">None yet.</p>`
            : html`<table>
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
            : html`<table>
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
  </section>`;
}

const AUTH = {
  signature: "proved by Dixa's signature",
  basic: "proved by user name and password",
  bearer: "proved by a token",
  none: "not proved by anything: whoever knows the address can cause syncs",
} as const;
