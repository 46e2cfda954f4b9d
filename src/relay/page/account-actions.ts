import { type FastifyReply, type FastifyRequest } from "fastify";

import { isAccountProblem } from "../accounts/account-problem.ts";
import { type AccountOutcome } from "../accounts/account-requests.ts";
import { type Done } from "./done.ts";
import { faultsOf, type FormFaults } from "./form-faults.ts";
import { asHtml, notFound } from "./forms.ts";
import { html } from "./html.ts";
import { formPage } from "./layout.ts";

const STATUS = { invalid: 400, not_found: 404, conflict: 409, refused: 424, unanswered: 502 } as const;

export interface AccountAction {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly csrf: string;
  readonly done: Done;
  readonly action: () => Promise<AccountOutcome>;
  /** Where to go afterwards. */
  readonly next: (credentialId: string) => string;
  /** The form again, with what was wrong beside the fields. */
  readonly again: (faults: FormFaults) => Promise<string> | string;
}

/** Does what a form about an account says, and shows the form again when that is refused. */
export async function act({
  request,
  reply,
  csrf,
  done,
  action,
  next,
  again,
}: AccountAction): Promise<unknown> {
  try {
    const { credential, notes } = await action();
    request.log.info({ credential: credential.id }, `account ${done} on the status page`);
    const address = `${next(credential.id)}?done=${done}`;
    if (notes.length === 0) return await reply.redirect(address, 303);
    const content = html`<section class="card form" aria-labelledby="notes">
      <h2 id="notes">${credential.name}: worth knowing</h2>
      <ul class="notes">
        ${notes.map((note) => html`<li>${note}</li>`)}
      </ul>
      <p><a class="button" href="${address}">Go on</a></p>
    </section>`;
    return await asHtml(reply).send(formPage(credential.name, content, csrf));
  } catch (error) {
    if (!isAccountProblem(error)) throw error;
    request.log.info({ path: request.url }, `refused on the status page: ${error.message}`);
    if (error.kind === "not_found") return notFound(reply);
    return asHtml(reply.code(STATUS[error.kind])).send(await again(faultsOf(error)));
  }
}
