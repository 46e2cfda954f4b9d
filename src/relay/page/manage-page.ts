import { type Connection } from "../store/connection.ts";
import { count } from "../telemetry/describe-state.ts";
import { actionToken } from "./elements.ts";
import { secretField, textField, tick } from "./fields.ts";
import { type FormFaults } from "./form-faults.ts";
import { type Html, html } from "./html.ts";
import { nameOf } from "./model.ts";

export type ManageForm = "rename" | "settings" | "rotate" | "secret" | "token" | "remove";

export interface ManageModel {
  readonly id: string;
  readonly name: string;
  /** What was typed as the new name. */
  readonly newName: string;
  readonly keepsToken: boolean;
  /** What was typed, or else what counts: a duration; empty: none. */
  readonly staleness: string;
  readonly switchesOn: boolean;
  /** What was wrong, and in which form. */
  readonly faults: FormFaults & { readonly at?: ManageForm };
}

const ONCE = "It is used once and then forgotten.";

/** What can be changed about an account that was made here. */
export function managePage(model: ManageModel, csrf: string): Html {
  const { id, name, newName, keepsToken } = model;
  const faults = faultsAt(model.faults);
  const form = (kind: ManageForm, button: string, fields: Html) =>
    html`<form method="post" action="/accounts/${id}/${kind}">
      ${faults(kind).form !== undefined && html`<p class="bad" role="alert">${faults(kind).form}</p>`}
      ${actionToken(csrf)} ${fields}
      <div class="actions"><button>${button}</button></div>
    </form>`;
  return html`<p class="back"><a href="/accounts/${id}">${name}</a></p>
    <section class="card form" aria-labelledby="manage">
      <h2 id="manage">Change ${name}</h2>
      <h3>Name</h3>
      ${form("rename", "Rename", textField({ name: "name", label: "Name", error: faults("rename").name }, newName, true))}
      <h3>Syncs</h3>
      ${form("settings", "Save", settingFields(model, faults("settings").staleness))}
      <h3>Secret</h3>
      <p>
        Dixa signs each webhook with a secret. A new one takes over without a gap: the one before still counts
        for a day.
      </p>
      ${form(
        "rotate",
        "Have Dixa use a new secret",
        keepsToken ? html`` : tokenField("rotate-token", ONCE, faults("rotate").token),
      )}
      ${form(
        "secret",
        "Save secret",
        secretField(
          {
            name: "secret",
            label: "Or: the secret that somebody has changed in Dixa",
            error: faults("secret").secret,
          },
          true,
        ),
      )}
      <h3>Dixa API token</h3>
      <p>
        ${
          keepsToken
            ? "The relay keeps one, encrypted, and watches with it whether Dixa’s deliveries arrive."
            : "The relay keeps none. With one, it watches whether Dixa’s deliveries arrive."
        }
      </p>
      ${
        keepsToken
          ? form("token", "Forget the token", html`<input type="hidden" name="forget" value="yes" />`)
          : form("token", "Keep this token", tokenField("keep-token", undefined, faults("token").token))
      }
      <h3>Remove</h3>
      <p><a class="button" href="/accounts/${id}/remove">Remove ${name} …</a></p>
    </section>`;
}

/** Asks once more, and says what will stop. */
export function removePage(
  model: ManageModel,
  stopping: { readonly connections: readonly Connection[]; readonly total: number },
  csrf: string,
): Html {
  const { id, name, keepsToken } = model;
  const faults = faultsAt(model.faults)("remove");
  const { connections, total } = stopping;
  const more = total - connections.length;
  return html`<section class="card form" aria-labelledby="remove">
    <h2 id="remove">Remove ${name}?</h2>
    ${faults.form !== undefined && html`<p class="bad" role="alert">${faults.form}</p>`}
    <p>
      ${
        total === 0
          ? "No connection in Airbyte depends on it."
          : `The relay stops to sync ${count(total, "connection")}. What has been synced stays, and their schedules in Airbyte go on:`
      }
    </p>
    <ul class="notes">
      ${connections.map((connection) => html`<li>${nameOf(connection)}</li>`)}
      ${more > 0 && html`<li>and ${more} more</li>`}
    </ul>
    <p>Its webhooks are refused from then on, and its secrets are erased.</p>
    <form method="post" action="/accounts/${id}/remove">
      ${actionToken(csrf)} ${tick("take", "Also take the webhook away in Dixa", keepsToken)}
      ${!keepsToken && tokenField("token", `Needed for that alone. ${ONCE}`, faults.token)}
      ${keepsToken && faults.token !== undefined && html`<p class="bad" role="alert">${faults.token}</p>`}
      <div class="actions">
        <a class="button" href="/accounts/${id}/manage">Cancel</a>
        <button class="danger">Remove ${name}</button>
      </div>
    </form>
  </section>`;
}

function settingFields({ staleness, switchesOn, keepsToken }: ManageModel, error: string | undefined): Html {
  return html`${textField(
    {
      name: "staleness",
      label: "A sync at least every",
      help: "Such as 6h or 1d, though nothing has come. Empty: events alone cause syncs.",
      error,
    },
    staleness,
  )}
  ${
    keepsToken
      ? tick("switch", "The relay may switch the webhook on when it finds it off in Dixa", switchesOn)
      : html`<p class="empty">
          With a token that it keeps (below), the relay can also switch the webhook on when it finds it off in
          Dixa.
        </p>`
  }`;
}

function tokenField(id: string, help: string | undefined, error: string | undefined): Html {
  return secretField({ id, name: "token", label: "Dixa API token", help, error });
}

/** A form has faults of its own only. */
function faultsAt(faults: ManageModel["faults"]): (form: ManageForm) => FormFaults {
  return (form) => (faults.at === form ? faults : {});
}
