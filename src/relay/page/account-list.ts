import { formatDuration } from "../config/scalars.ts";
import { time } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { type ListModel, type ListRow, type Need } from "./list-model.ts";
import { pager } from "./pager.ts";

/** What stands above the list and is not renewed while somebody types into it. */
export function listHead(search: string): Html {
  return html`<form class="search" role="search" method="get" action="/">
    <label for="q">Find an account by name or id</label>
    <input id="q" name="q" type="search" value="${search}" autocomplete="off" spellcheck="false" />
    <button>Search</button>
    <noscript><a href="/?q=${encodeURIComponent(search)}">Load anew</a></noscript>
  </form>`;
}

export function accountList(model: ListModel): Html {
  const { rows, now, search, found, total, needs } = model;
  const told = (Object.keys(WORDS) as Need[]).filter((need) => needs[need] > 0);
  return html`<section class="card" aria-labelledby="accounts">
    <h2 id="accounts">${total.toLocaleString("en")} accounts</h2>
    <p class="empty">
      ${told.length === 0 && "Everything is up to date."}
      ${told.map((need) => html`<span class="badge ${need}">${needs[need].toLocaleString("en")} ${WORDS[need]}</span> `)}
      ${search !== "" && html`${found.toLocaleString("en")} found. <a href="/">Show all</a>`}
    </p>
    ${
      rows.length === 0
        ? html`<p class="empty">No account has “${search}” in its name or id.</p>`
        : html`<table class="accounts">
            <thead>
              <tr>
                <th scope="col">Account</th>
                <th scope="col">State</th>
                <th scope="col">Connections</th>
                <th scope="col">Last event</th>
                <th scope="col">Oldest unsynced</th>
              </tr>
            </thead>
            <tbody>
              ${rows.map((row) => accountRow(row, now))}
            </tbody>
          </table>`
    }
    ${pager(model, "Accounts", search === "" ? "/?" : `/?q=${encodeURIComponent(search)}&`)}
    <p class="asof">As of ${time(now, now, "clock")}.</p>
  </section>`;
}

function accountRow({ id, name, needs, summary, connections, pendingAge }: ListRow, now: number): Html {
  const lastEventAt = summary?.lastEventAt ?? null;
  return html`<tr>
    <th scope="row">
      <a href="/accounts/${id}">${name}</a>
      ${name !== id && html`<code class="id">${id}</code>`}
    </th>
    <td data-label="State">
      ${needs.map((need) => html`<span class="badge ${need}">${WORDS[need]}</span> `)}
      ${
        needs.length === 0 &&
        (connections === 0
          ? html`<span class="badge none">no connection</span>`
          : html`<span class="badge clean">up to date</span>`)
      }
    </td>
    <td data-label="Connections">${connections.toLocaleString("en")}</td>
    <td data-label="Last event">${lastEventAt === null ? "none yet" : time(lastEventAt, now)}</td>
    <td data-label="Oldest unsynced">${pendingAge === undefined ? "none" : ageOf(pendingAge)}</td>
  </tr>`;
}

function ageOf(ms: number): string {
  return formatDuration(Math.floor(ms / 1000) * 1000);
}

const WORDS: Readonly<Record<Need, string>> = {
  unfinished: "set-up not finished",
  parked: "parked",
  failing: "backing off",
  unheard: "webhook off or failing",
  owed: "owes a sync",
  waiting: "waiting",
};
