import { byHand } from "./add-form.ts";
import { actionForm, actionToken, time } from "./elements.ts";
import { secretField } from "./fields.ts";
import { type Html, html } from "./html.ts";

export interface SetupModel {
  readonly now: number;
  readonly id: string;
  readonly name: string;
  readonly webhookUrl: string | null;
  readonly events: readonly string[];
  /** Why webhooks are not accepted yet; undefined: they are. */
  readonly problem: string | undefined;
  readonly lastEventAt: number | null;
  /** Connections in Airbyte that carry the credential. */
  readonly connections: number;
  /** When the first of their syncs has ended well that were known last, ms UTC; null: none has. */
  readonly syncedAt: number | null;
}

/** What is not renewed while somebody types: the webhook's secret, where it is missing. */
export function setupHead(model: SetupModel, csrf: string): Html {
  const { id, name, webhookUrl, events, problem } = model;
  return html`<p class="back"><a href="/">All accounts</a></p>
    ${
      problem !== undefined &&
      html`<section class="card form" aria-labelledby="secret-title">
        <h2 id="secret-title">${name} needs its webhook’s secret</h2>
        <p>${problem}</p>
        ${byHand(webhookUrl, events)}
        <form method="post" action="/accounts/${id}/secret">
          ${actionToken(csrf)} ${secretField({ name: "secret", label: "Webhook secret" }, true)}
          <div class="actions"><button class="primary">Save secret</button></div>
        </form>
        <noscript><a href="/accounts/${id}/setup">Load anew</a></noscript>
      </section>`
    }`;
}

/** How far the set-up has come, step by step. */
export function setupSteps(model: SetupModel, csrf: string): Html {
  const { now, id, name, webhookUrl, problem, lastEventAt, connections, syncedAt } = model;
  return html`<section class="card" aria-labelledby="setup">
    <h2 id="setup">${name}: set-up</h2>
    <ol class="steps">
      ${step(
        problem === undefined,
        "Webhook",
        problem === undefined
          ? html`Dixa sends to <code class="copy">${webhookUrl ?? `…/webhooks/dixa/${id}`}</code>`
          : html`Its secret is missing.`,
      )}
      ${step(
        connections > 0,
        "Airbyte",
        connections > 0
          ? html`${connections.toLocaleString("en")}
            ${connections === 1 ? "connection reads" : "connections read"} this account.`
          : html`Put this into the field <strong>Credential id</strong> of the Dixa source:
              <code class="copy id">${id}</code> The relay finds its connections by itself, now and then.
              ${actionForm(`/accounts/${id}/look`, "Look for them now", csrf, "Look for connections of this account now")}`,
      )}
      ${step(
        lastEventAt !== null,
        "First event",
        lastEventAt === null
          ? html`Waiting. Close a conversation in Dixa, and it shows here.`
          : html`Arrived; the last one ${time(lastEventAt, now)}.`,
      )}
      ${step(
        syncedAt !== null,
        "First sync",
        syncedAt === null
          ? html`${lastEventAt === null || connections === 0 ? "Follows the first event." : "On its way."}`
          : html`Succeeded ${time(syncedAt, now)}.`,
      )}
    </ol>
    <p><a class="button" href="/accounts/${id}">To the account</a></p>
    <p class="asof">As of ${time(now, now, "clock")}.</p>
  </section>`;
}

function step(isDone: boolean, title: string, text: Html): Html {
  return html`<li class="${isDone ? "done" : "open"}">
    <span class="mark" aria-hidden="true">${isDone ? "✓" : "…"}</span>
    <div>
      <h3>${title} <span class="hidden">${isDone ? "(done)" : "(not yet)"}</span></h3>
      <div class="text">${text}</div>
    </div>
  </li>`;
}
