import { actionToken } from "./elements.ts";
import { secretField, textField, tick } from "./fields.ts";
import { type FormFaults } from "./form-faults.ts";
import { type Html, html } from "./html.ts";

export interface AddForm {
  readonly credentialId: string;
  readonly name: string;
  readonly keepsToken: boolean;
  /** Whether the way by hand is open. */
  readonly isByHand: boolean;
  /** Where Dixa is to send; null: the relay does not know its own address. */
  readonly webhookUrl: string | null;
  /** Names in Dixa's API. */
  readonly events: readonly string[];
  readonly faults: FormFaults;
}

/** A new account: with a token, the relay does the rest; without, a person makes the webhook. */
export function addForm(form: AddForm, csrf: string): Html {
  const { credentialId, name, keepsToken, isByHand, webhookUrl, events, faults } = form;
  return html`<section class="card form" aria-labelledby="add">
    <h2 id="add">Add a Dixa account</h2>
    ${faults.form !== undefined && html`<p class="bad" role="alert">${faults.form}</p>`}
    ${
      webhookUrl === null &&
      html`<p class="bad">
        The relay does not know the address at which Dixa reaches it. Set <code>public_url</code> in its
        configuration first.
      </p>`
    }
    <form method="post" action="/accounts">
      ${actionToken(csrf)}
      <input type="hidden" name="id" value="${credentialId}" />
      ${textField({ name: "name", label: "Name", help: "For people. It can be changed.", error: faults.name }, name, true)}
      ${secretField({
        name: "token",
        label: "Dixa API token",
        help: "In Dixa: Settings > Integrations > API tokens, version “Dixa API”. The relay makes the webhook with it, and then forgets it.",
        error: faults.token,
      })}
      ${tick("keep", "Keep the token, encrypted, to watch whether Dixa’s deliveries arrive", keepsToken)}
      <details id="by-hand" ${isByHand && html`open`}>
        <summary>I have no token: make the webhook by hand</summary>
        ${byHand(webhookUrl, events)}
        ${secretField({
          name: "secret",
          label: "Webhook secret",
          help: "Save the webhook, open it again, and copy its secret. It can follow later.",
          error: faults.secret,
        })}
      </details>
      <div class="actions">
        <a class="button" href="/">Cancel</a>
        <button class="primary">Add account</button>
      </div>
    </form>
  </section>`;
}

/** What to type into Dixa. */
export function byHand(webhookUrl: string | null, events: readonly string[]): Html {
  return html`<p>
      In Dixa: <strong>Settings &gt; Integrations &gt; Webhooks &gt; Add outbound webhook</strong>.
    </p>
    <dl class="todo">
      <div>
        <dt>Name</dt>
        <dd>dixa-relay</dd>
      </div>
      <div>
        <dt>Webhook URL</dt>
        <dd>
          ${webhookUrl === null ? "not known: set public_url" : html`<code class="copy">${webhookUrl}</code>`}
        </dd>
      </div>
      <div>
        <dt>Authorization</dt>
        <dd>None. Dixa signs all the same.</dd>
      </div>
      <div>
        <dt>Events to tick</dt>
        <dd class="events">${events.map((event) => html`<code>${event}</code> `)}</dd>
      </div>
    </dl>`;
}
