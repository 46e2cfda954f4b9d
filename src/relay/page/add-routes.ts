import { randomUUID } from "node:crypto";

import { type FastifyInstance, type FastifyRequest } from "fastify";

import { EventFilter } from "../../dixa/webhooks/events.ts";
import { problemOf } from "../accounts/attention.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { queryParameter } from "../http/operation.ts";
import { type Services } from "../http/services.ts";
import { type Access } from "./access.ts";
import { act } from "./account-actions.ts";
import { type AddForm, addForm } from "./add-form.ts";
import { doneMessage, doneWords } from "./done.ts";
import { findAccount } from "./find-account.ts";
import { asHtml, field, notFound, optionalField, wantsText } from "./forms.ts";
import { html } from "./html.ts";
import { formPage, statusPage } from "./layout.ts";
import { setupHead, type SetupModel, setupSteps } from "./setup-page.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Connections whose syncs are looked at for the first that ended well. */
const LOOKED_AT = 20;

/** Adds an account, and shows how far its set-up has come. */
export class AddRoutes {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  addTo(page: FastifyInstance, access: Access): void {
    const { accounts } = this.#services;
    page.get(
      "/accounts/new",
      access.toSee((request, reply, { csrf }) => {
        const reason = accounts.whyNot;
        if (reason !== undefined) {
          const why = html`<section class="card form">
            <h2>Add a Dixa account</h2>
            <p>${reason}</p>
          </section>`;
          return Promise.resolve(asHtml(reply).send(formPage("Add account", why, csrf)));
        }
        // In the address, so that the form is for the same webhook when it is loaded anew.
        const id = queryParameter(request, "id") ?? "";
        if (!UUID.test(id)) return Promise.resolve(reply.redirect(`/accounts/new?id=${randomUUID()}`, 303));
        return Promise.resolve(asHtml(reply).send(this.#form({ credentialId: id }, csrf)));
      }),
    );
    page.post(
      "/accounts",
      access.toDo((request, reply, { csrf }) => {
        const typed = typedOf(request);
        const [token, secret] = [optionalField(request, "token"), optionalField(request, "secret")];
        const { credentialId, name, keepsToken } = typed;
        return act({
          request,
          reply,
          csrf,
          done: "added",
          action: () =>
            accounts.create({
              credentialId,
              name,
              dixaToken: token,
              keepToken: keepsToken,
              webhookSecret: secret,
            }),
          next: (id) => `/accounts/${id}/setup`,
          again: (faults) => this.#form({ ...typed, isByHand: secret !== undefined, faults }, csrf),
        });
      }),
    );
    page.get(
      "/accounts/:id/setup",
      access.toSee(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        const message = doneMessage(request);
        return asHtml(reply).send(await this.#setupPage(credential, csrf, message));
      }),
    );
    page.get(
      "/accounts/:id/setup/fragment",
      access.toSee(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        return asHtml(reply).send(setupSteps(await this.#setup(credential), csrf).html);
      }),
    );
    page.post(
      "/accounts/:id/look",
      access.toDo(async (request, reply) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        this.#services.remap();
        return wantsText(request)
          ? reply.type("text/plain; charset=utf-8").send(doneWords("look"))
          : reply.redirect(`/accounts/${credential.id}/setup?done=look`, 303);
      }),
    );
  }

  #form(form: Partial<AddForm> & Pick<AddForm, "credentialId">, csrf: string): string {
    const content = addForm(
      {
        name: "",
        keepsToken: false,
        isByHand: false,
        faults: {},
        webhookUrl: webhookUrl(this.#services.config.publicUrl, form.credentialId),
        events: new EventFilter(["all"]).apiEvents,
        ...form,
      },
      csrf,
    );
    return formPage("Add account", content, csrf);
  }

  async #setupPage(credential: CredentialConfig, csrf: string, message: string | undefined): Promise<string> {
    const model = await this.#setup(credential);
    const path = `/accounts/${credential.id}/setup`;
    return statusPage({
      title: credential.name,
      head: setupHead(model, csrf),
      live: setupSteps(model, csrf),
      source: `${path}/fragment`,
      csrf,
      message,
      reload: model.problem === undefined ? path : undefined,
    });
  }

  async #setup(credential: CredentialConfig): Promise<SetupModel> {
    const { store, clock, config } = this.#services;
    const { id, name, events: filter } = credential;
    const [summary, { connections, total }] = await Promise.all([
      store.credentialSummary(id),
      store.connectionPage(id, { limit: LOOKED_AT, offset: 0 }),
    ]);
    return {
      now: clock.now(),
      id,
      name,
      webhookUrl: webhookUrl(config.publicUrl, id),
      events: filter.apiEvents,
      problem: credential.auth.mode === "waiting" ? problemOf(credential) : undefined,
      lastEventAt: summary?.lastEventAt ?? null,
      connections: total,
      syncedAt: connections.find(({ state }) => state.lastSuccessAt !== null)?.state.lastSuccessAt ?? null,
    };
  }
}

/** What is shown again when something is wrong: no secret. */
function typedOf(request: FastifyRequest) {
  return {
    credentialId: field(request, "id"),
    name: field(request, "name"),
    keepsToken: field(request, "keep") === "yes",
  };
}
