import { type ConnectionState } from "../coalescer/connection-state.ts";
import { type Note } from "../coalescer/inputs.ts";
import { formatDuration } from "../config/scalars.ts";
import { count } from "../telemetry/describe-state.ts";
import { pendingChart } from "./chart.ts";
import { type Html, html } from "./html.ts";
import {
  type ActivityModel,
  type ConnectionModel,
  type CredentialModel,
  nameOf,
  type PageModel,
} from "./model.ts";

/** The part of the page that is renewed while one looks at it. */
export function overview(model: PageModel, csrf: string): Html {
  return html`${model.credentials.map((credential) => credentialSection(credential, model.now, csrf))}
    <p class="asof">As of ${time(model.now, model.now, "clock")}.</p>`;
}

function credentialSection(credential: CredentialModel, now: number, csrf: string): Html {
  const { id, name, status, connections, events, activity, pendingAge } = credential;
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

function connectionItem(
  { connection, description, url, pendingEvents }: ConnectionModel,
  now: number,
  csrf: string,
): Html {
  const { connectionId, state, sourceName } = connection;
  const name = nameOf(connection);
  const phase = description.phase.toLowerCase();
  const action = (path: string, label: string) =>
    actionForm(`/page/connections/${connectionId}/${path}`, label, csrf, `${label} ${name}`);
  const isParked = phase === "parked";
  const isWaiting = phase === "backoff" || phase === "busy";
  return html`<li class="connection" id="k-${connectionId}">
    <span class="badge ${phase}">${BADGES[description.phase]}</span>
    <div class="what">
      <p class="name">
        ${url === null ? html`<strong>${name}</strong>` : html`<a href="${url}" rel="noreferrer" target="_blank">${name}</a>`}
        ${sourceName !== "" && sourceName !== name && html`<small>from ${sourceName}</small>`}
      </p>
      <p class="state">
        ${description.words}${description.at !== undefined && html` ${time(description.at, now, "clock")}`}${
          description.detail !== undefined && html`<span class="detail"> – ${description.detail}</span>`
        }
      </p>
      ${phase !== "clean" && moreAbout(state, pendingEvents, now)}
    </div>
    <div class="actions">
      ${isWaiting && action("retry", "Retry")}
      ${isParked ? action("unpark", "Unpark") : action("park", "Park")}
    </div>
  </li>`;
}

function moreAbout(state: ConnectionState, pendingEvents: number, now: number): Html {
  return html`<p class="more">
    ${pendingEvents === 0 ? "nothing waits" : `${count(pendingEvents, "event")} not synced yet`} ·
    ${
      state.lastSuccessAt === null
        ? "not synced by the relay yet"
        : html`last sync ended ${time(state.lastSuccessAt, now)}`
    }
    ${
      state.failedJobs > 0 &&
      html`· <strong class="bad">${count(state.failedJobs, "sync")} in a row failed</strong>`
    }
  </p>`;
}

const BADGES = {
  CLEAN: "up to date",
  PENDING: "waiting",
  CLAIMED: "starting",
  TRACKING: "syncing",
  BUSY: "busy",
  BACKOFF: "backing off",
  PARKED: "parked",
} as const;

const NOTES: Readonly<Record<Note["kind"], string>> = {
  triggered: "sync started",
  adopted: "following a sync that somebody else started",
  covered: "synced by a sync that somebody else started",
  busy: "another job is running",
  succeeded: "sync succeeded",
  failed: "sync failed",
  cancelled: "sync was cancelled",
  error: "Airbyte did not answer as expected",
  throttled: "Airbyte asks for fewer requests",
  unauthorized: "Airbyte refuses the relay's credentials",
  parked: "parked",
  unparked: "unparked",
  retried: "retried by hand",
};

function activityRow({ at, note, name, jobUrl }: ActivityModel, now: number, isNamed: boolean): Html {
  const { kind, jobId, detail, lagMs } = note;
  const isBad = kind === "failed" || kind === "cancelled" || kind === "error" || kind === "unauthorized";
  const job = jobId === undefined ? undefined : `job ${jobId}`;
  return html`<tr>
    <td>${time(at, now)}</td>
    <td>
      <span class="${isBad ? "bad" : "plain"}">${NOTES[kind]}</span>
      ${
        job !== undefined &&
        (jobUrl === null
          ? html`<small>${job}</small>`
          : html`<a href="${jobUrl}" rel="noreferrer" target="_blank">${job}</a>`)
      }
      ${lagMs !== undefined && html`<small>${formatDuration(Math.round(lagMs / 1000) * 1000)} after the event</small>`}
      ${isNamed && html`<small>${name}</small>`}
      ${detail !== undefined && html`<small class="detail">${detail}</small>`}
    </td>
  </tr>`;
}

function actionForm(path: string, label: string, csrf: string, description: string, kind = "plain"): Html {
  return html`<form method="post" action="${path}">
    <input type="hidden" name="csrf" value="${csrf}" />
    <button class="${kind}" aria-label="${description}">${label}</button>
  </form>`;
}

/**
 * An instant; the page's script turns it into "3 min ago" (`ago`) or adds the viewer's own time (`clock`) and keeps it
 * right.
 */
function time(at: number, now: number, form: "ago" | "clock" = "ago"): Html {
  const iso = new Date(at).toISOString();
  const isToday = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  const text = isToday ? `${iso.slice(11, 19)} UTC` : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  return html`<time datetime="${iso}" data-form="${form}" title="${iso}">${text}</time>`;
}
