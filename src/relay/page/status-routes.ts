import { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import { type CredentialConfig } from "../config/relay-config.ts";
import { mayForget } from "../http/forgettable.ts";
import { queryParameter } from "../http/operation.ts";
import { type Services } from "../http/services.ts";
import { type Access } from "./access.ts";
import { readHistory } from "./account-history.ts";
import { accountList, listHead } from "./account-list.ts";
import { accountPage } from "./account-page.ts";
import { accountSection } from "./account-section.ts";
import { type Done, doneMessage, doneWords } from "./done.ts";
import { findAccount } from "./find-account.ts";
import { asHtml, idOf, notFound, pageNumber, wantsText } from "./forms.ts";
import { type Html, html } from "./html.ts";
import { statusPage } from "./layout.ts";
import { FEW, readList } from "./list-model.ts";
import { readAccount } from "./model.ts";
import { type PendingHistory } from "./pending-history.ts";

const NO_ACCOUNT = html`<section class="card">
  <h2>No Dixa account yet</h2>
  <p>Airbyte syncs when something happens in one, as soon as the relay knows it.</p>
  <p><a class="button" href="/accounts/new">Add the first one</a></p>
</section>`;

/** Shows how the accounts and their connections are, and does what the buttons there say. */
export class StatusRoutes {
  readonly #services: Services;
  readonly #history: PendingHistory;

  constructor(services: Services, history: PendingHistory) {
    this.#services = services;
    this.#history = history;
  }

  addTo(page: FastifyInstance, access: Access): void {
    page.get(
      "/",
      access.toSee(async (request, reply, { csrf }) => {
        const { head, live, isSearchable } = await this.#overview(request, csrf);
        return asHtml(reply).send(
          statusPage({
            title: "Status",
            head,
            live,
            source: "/page/fragment",
            csrf,
            message: doneMessage(request),
            // Whoever is typing into the search must not lose it.
            reload: isSearchable ? undefined : "/",
          }),
        );
      }),
    );
    page.get(
      "/page/fragment",
      access.toSee(async (request, reply, { csrf }) => {
        const { live } = await this.#overview(request, csrf);
        return asHtml(reply).send(live.html);
      }),
    );
    page.get(
      "/accounts/:id",
      access.toSee(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        const live = await this.#account(credential, request, csrf);
        const path = `/accounts/${credential.id}`;
        return asHtml(reply).send(
          statusPage({
            title: credential.name,
            head: undefined,
            live,
            source: `${path}/fragment`,
            csrf,
            message: doneMessage(request),
            reload: `${path}?page=${pageNumber(request)}`,
          }),
        );
      }),
    );
    page.get(
      "/accounts/:id/fragment",
      access.toSee(async (request, reply, { csrf }) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        return asHtml(reply).send((await this.#account(credential, request, csrf)).html);
      }),
    );
    page.post(
      "/page/credentials/:id/sync",
      access.toDo(async (request, reply) => {
        const credential = await findAccount(this.#services, request);
        if (credential === undefined) return notFound(reply);
        await this.#services.store.requestSync(credential.id);
        return this.#done(request, reply, "sync", credential.id);
      }),
    );
    for (const type of ["retry", "park", "unpark"] as const) {
      page.post(
        `/page/connections/:id/${type}`,
        access.toDo(async (request, reply) => {
          const applied = await this.#services.store.apply(idOf(request), { type });
          if (applied === undefined) return notFound(reply);
          return this.#done(request, reply, type, applied.connection.credentialId);
        }),
      );
    }
    page.post(
      "/page/connections/:id/forget",
      access.toDo(async (request, reply) => {
        const { config, store } = this.#services;
        const found = await store.forget(idOf(request), (connection) => mayForget(config, connection));
        if (found?.isForgotten !== true) return notFound(reply);
        return this.#done(request, reply, "forget", found.connection.credentialId);
      }),
    );
  }

  /** Few accounts are shown whole; of many, there is a list. */
  async #overview(
    request: FastifyRequest,
    csrf: string,
  ): Promise<{ head: Html | undefined; live: Html; isSearchable: boolean }> {
    const { config } = this.#services;
    if (config.credentials.length > FEW) {
      const search = queryParameter(request, "q") ?? "";
      const model = await readList(this.#services, { search, page: pageNumber(request) });
      return { head: listHead(search), live: accountList(model), isSearchable: true };
    }
    const models = await Promise.all(
      config.credentials.map((credential) => readAccount(this.#services, this.#history, credential, 1)),
    );
    if (models.length === 0) return { head: undefined, live: NO_ACCOUNT, isSearchable: false };
    const live = html`${models.map((model) => accountSection(model, csrf))}`;
    return { head: undefined, live, isSearchable: false };
  }

  async #account(credential: CredentialConfig, request: FastifyRequest, csrf: string): Promise<Html> {
    const [model, history] = await Promise.all([
      readAccount(this.#services, this.#history, credential, pageNumber(request)),
      readHistory(this.#services, credential.id),
    ]);
    return accountPage(model, history, csrf);
  }

  #done(request: FastifyRequest, reply: FastifyReply, name: Done, credentialId: string): FastifyReply {
    request.log.info({ credential: credentialId, path: request.url }, `${name} by hand, on the status page`);
    this.#services.wake();
    return wantsText(request)
      ? reply.type("text/plain; charset=utf-8").send(doneWords(name))
      : reply.redirect(`/accounts/${credentialId}?done=${name}`, 303);
  }
}
