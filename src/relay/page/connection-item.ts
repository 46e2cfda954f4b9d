import { type ConnectionState, isLost } from "../coalescer/connection-state.ts";
import { count } from "../telemetry/describe-state.ts";
import { actionForm, time } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { type ConnectionModel, nameOf } from "./model.ts";

/** A connection with its state and what can be done to it. */
export function connectionItem(
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
      ${isWaiting && action("retry", "Retry")} ${isLost(state) && action("forget", "Forget")}
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
