import { type FastifyInstance, type FastifyRequest } from "fastify";

import { type AccountOutcome } from "../accounts/account-requests.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { type Services } from "../http/services.ts";
import { type Access } from "./access.ts";
import { act } from "./account-actions.ts";
import { type Done } from "./done.ts";
import { findAccount } from "./find-account.ts";
import { type FormFaults } from "./form-faults.ts";
import { asHtml, field, notFound, optionalField } from "./forms.ts";
import { html } from "./html.ts";
import { formPage, messagePage } from "./layout.ts";
import { type ManageForm, type ManageModel, managePage, removePage } from "./manage-page.ts";

/** Connections that a removal names. */
const NAMED = 20;

/** Renames an account that was made here, exchanges its secret, and removes it. */
export class ManageRoutes {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  addTo(page: FastifyInstance, access: Access): void {
    const { accounts } = this.#services;
    page.get(
      "/accounts/:id/manage",
      access.toSee(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        return asHtml(reply).send(this.#manage(credential, csrf));
      }),
    );
    page.get(
      "/accounts/:id/remove",
      access.toSee(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        return asHtml(reply).send(await this.#remove(credential, csrf));
      }),
    );
    this.#addForm(page, access, "rename", "renamed", (id, request) =>
      accounts.change(id, { name: field(request, "name") }),
    );
    this.#addForm(page, access, "settings", "settings", (id, request) =>
      accounts.change(id, {
        max_staleness: optionalField(request, "staleness") ?? null,
        dixa_switch_on: field(request, "switch") === "yes",
      }),
    );
    this.#addForm(page, access, "rotate", "rotated", (id, request) =>
      accounts.rotate(id, { dixaToken: optionalField(request, "token") }),
    );
    this.#addForm(page, access, "secret", "secret", (id, request) =>
      accounts.change(id, { webhookSecret: field(request, "secret") }),
    );
    this.#addForm(page, access, "token", "token", (id, request) =>
      field(request, "forget") === "yes"
        ? accounts.change(id, { keepToken: false })
        : accounts.change(id, { dixaToken: field(request, "token"), keepToken: true }),
    );
    this.#addForm(page, access, "remove", "removed", async (id, request) => {
      const takeWebhook = field(request, "take") === "yes";
      const dixaToken = takeWebhook ? optionalField(request, "token") : undefined;
      const { credential } = await accounts.remove(id, { takeWebhook, dixaToken });
      return { credential, isNew: false, notes: [] };
    });
  }

  #addForm(
    page: FastifyInstance,
    access: Access,
    form: ManageForm,
    done: Done,
    action: (id: string, request: FastifyRequest) => Promise<AccountOutcome>,
  ): void {
    page.post(
      `/accounts/:id/${form}`,
      access.toDo(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        const { id } = credential;
        return await act({
          request,
          reply,
          csrf,
          done: form === "token" && field(request, "forget") === "yes" ? "forgotten" : done,
          action: () => action(id, request),
          next: () => nextOf(form, credential),
          again: (faults) => this.#again(form, credential, { request, faults, csrf }),
        });
      }),
    );
  }

  #again(
    form: ManageForm,
    credential: CredentialConfig,
    { request, faults, csrf }: { request: FastifyRequest; faults: FormFaults; csrf: string },
  ): Promise<string> | string {
    const at = { ...faults, at: form };
    if (form === "remove") return this.#remove(credential, csrf, at);
    return this.#manage(credential, csrf, at, typedIn(form, request));
  }

  #manage(
    credential: CredentialConfig,
    csrf: string,
    faults: ManageModel["faults"] = {},
    typed: Partial<ManageModel> = {},
  ): string {
    if (credential.stored === undefined) return declared(credential);
    const model = { ...modelOf(credential, faults), ...typed };
    return formPage(credential.name, managePage(model, csrf), csrf);
  }

  async #remove(
    credential: CredentialConfig,
    csrf: string,
    faults: ManageModel["faults"] = {},
  ): Promise<string> {
    if (credential.stored === undefined) return declared(credential);
    const stopping = await this.#services.store.connectionPage(credential.id, { limit: NAMED, offset: 0 });
    return formPage(credential.name, html`${removePage(modelOf(credential, faults), stopping, csrf)}`, csrf);
  }
}

function nextOf(form: ManageForm, { id, auth }: CredentialConfig): string {
  if (form === "remove") return "/";
  return form === "secret" && auth.mode === "waiting" ? `/accounts/${id}/setup` : `/accounts/${id}`;
}

function modelOf({ id, name, stored }: CredentialConfig, faults: ManageModel["faults"]): ManageModel {
  return {
    id,
    name,
    newName: name,
    keepsToken: stored?.keepsToken ?? false,
    staleness: stored?.settings.max_staleness ?? "",
    switchesOn: stored?.settings.dixa_switch_on ?? false,
    faults,
  };
}

/** What somebody has typed into a form that could not be used, to be shown again. */
function typedIn(form: ManageForm, request: FastifyRequest): Partial<ManageModel> {
  if (form === "rename") return { newName: field(request, "name") };
  if (form !== "settings") return {};
  return { staleness: field(request, "staleness"), switchesOn: field(request, "switch") === "yes" };
}

function declared({ name }: CredentialConfig): string {
  return messagePage(name, "This account is declared in the relay’s configuration. Change it there.");
}
