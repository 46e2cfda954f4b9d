import { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import { isHttpProblem } from "../http/errors.ts";
import { pathParameter, queryParameter } from "../http/operation.ts";
import { type Services } from "../http/services.ts";
import { isSameSecret } from "../http/token.ts";
import { isStoreUnavailable } from "../store/store.ts";
import { ASSETS } from "./assets.ts";
import { asHtml, field, forbidden, isFromElsewhere, wantsText } from "./forms.ts";
import { loginPage, messagePage, statusPage } from "./layout.ts";
import { LoginLimit } from "./login-limit.ts";
import { readModel } from "./model.ts";
import { overview } from "./overview.ts";
import { PendingHistory } from "./pending-history.ts";
import { takeSamples } from "./samples.ts";
import { type Session, Sessions } from "./session.ts";

const FORM_LIMIT = 8 * 1024;

const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What an action did, in the words that the page shows afterwards; the keys travel in its address. */
const DONE: ReadonlyMap<string, string> = new Map([
  ["sync", "A sync of all its connections has been asked for."],
  ["retry", "Back-offs and failures are forgotten; it is tried again."],
  ["park", "Parked. What happens meanwhile is not forgotten."],
  ["unpark", "Unparked."],
]);

/** The status page, for people. */
export function addPage(app: FastifyInstance, services: Services): void {
  void app.register(async (page) => {
    new Page(services).addTo(page);
    await Promise.resolve();
  });
}

class Page {
  readonly #services: Services;
  readonly #sessions: Sessions;
  readonly #history = new PendingHistory();
  readonly #logins = new LoginLimit();

  constructor(services: Services) {
    this.#services = services;
    const { adminToken, publicUrl } = services.config;
    this.#sessions = new Sessions(adminToken, publicUrl?.startsWith("https:") ?? false);
  }

  addTo(page: FastifyInstance): void {
    page.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: FORM_LIMIT },
      (_, body, done) => {
        done(null, new URLSearchParams(body.toString()));
      },
    );
    page.addHook("onSend", async (_, reply) => {
      reply.header("content-security-policy", POLICY);
      reply.header("referrer-policy", "no-referrer");
      reply.header("x-frame-options", "DENY");
      reply.header("cross-origin-opener-policy", "same-origin");
      await Promise.resolve();
    });
    page.setErrorHandler((error, request, reply) => {
      this.#answerError(error, request, reply);
    });
    takeSamples(page, this.#services, this.#history);

    for (const { path, type, content } of ASSETS) {
      page.get(path, (_, reply) =>
        reply.type(type).header("cache-control", "public, max-age=31536000, immutable").send(content),
      );
    }
    page.get("/", (request, reply) => this.#showStatus(request, reply));
    page.get("/page/fragment", (request, reply) => this.#showFragment(request, reply));
    page.get("/login", (request, reply) => this.#showLogin(request, reply));
    page.post("/login", (request, reply) => this.#signIn(request, reply));
    page.post("/logout", (request, reply) => {
      if (!this.#isAllowed(request)) return forbidden(reply);
      return reply.header("set-cookie", this.#sessions.close()).redirect("/login", 303);
    });
    page.post("/page/credentials/:id/sync", (request, reply) =>
      this.#act(request, reply, "sync", async (id) => {
        if (!this.#services.config.credentials.some((credential) => credential.id === id)) return false;
        await this.#services.store.requestSync(id);
        return true;
      }),
    );
    for (const type of ["retry", "park", "unpark"] as const) {
      page.post(`/page/connections/:id/${type}`, (request, reply) =>
        this.#act(request, reply, type, async (id) => {
          const applied = await this.#services.store.apply(id, { type });
          return applied !== undefined;
        }),
      );
    }
  }

  async #showStatus(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const session = this.#sessionOf(request);
    if (session === undefined) return reply.redirect("/login", 303);
    const content = overview(await readModel(this.#services, this.#history, pageOf(request)), session.csrf);
    const message = DONE.get(queryParameter(request, "done") ?? "");
    return asHtml(reply).send(statusPage(content, session.csrf, message));
  }

  async #showFragment(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const session = this.#sessionOf(request);
    if (session === undefined) return reply.code(401).type("text/plain").send("Sign in again.");
    return asHtml(reply).send(
      overview(await readModel(this.#services, this.#history, pageOf(request)), session.csrf).html,
    );
  }

  #showLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (this.#sessionOf(request) !== undefined) return reply.redirect("/", 303);
    return asHtml(reply).send(loginPage(undefined));
  }

  #signIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const now = this.#services.clock.now();
    const wait = this.#logins.waitOf(request.ip, now);
    if (wait > 0) {
      return asHtml(reply.code(429).header("retry-after", `${Math.ceil(wait / 1000)}`)).send(
        loginPage("Too many wrong tokens came from your address. Wait a minute."),
      );
    }
    const token = field(request, "token");
    if (isFromElsewhere(request) || !isSameSecret(token, this.#services.config.adminToken)) {
      this.#logins.failed(request.ip, now);
      request.log.warn({ address: request.ip }, "somebody tried to sign in with a wrong token");
      return asHtml(reply.code(401)).send(loginPage("That is not the admin token."));
    }
    request.log.info("somebody signed in to the status page");
    return reply.header("set-cookie", this.#sessions.open(now)).redirect("/", 303);
  }

  /** Does what a button says, if the session and its form are right. */
  async #act(
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    action: (id: string) => Promise<boolean>,
  ): Promise<unknown> {
    if (this.#sessionOf(request) === undefined) {
      return wantsText(request)
        ? reply.code(401).type("text/plain").send("Sign in again.")
        : reply.redirect("/login", 303);
    }
    if (!this.#isAllowed(request)) return forbidden(reply);
    const id = pathParameter(request, "id").toLowerCase();
    if (!(await action(id))) {
      return asHtml(reply.code(404)).send(messagePage("Not found", "The relay does not know it any more."));
    }
    request.log.info({ id }, `${name} by hand, on the status page`);
    this.#services.wake();
    return wantsText(request)
      ? reply.type("text/plain; charset=utf-8").send(DONE.get(name))
      : reply.redirect(`/?done=${name}`, 303);
  }

  #isAllowed(request: FastifyRequest): boolean {
    const session = this.#sessionOf(request);
    return (
      session !== undefined && !isFromElsewhere(request) && isSameSecret(field(request, "csrf"), session.csrf)
    );
  }

  #sessionOf(request: FastifyRequest): Session | undefined {
    return this.#sessions.read(request.headers.cookie, this.#services.clock.now());
  }

  #answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (isStoreUnavailable(error)) {
      void asHtml(reply.code(503).header("retry-after", "5")).send(
        messagePage(
          "The store does not answer",
          "Webhooks are answered with 503 meanwhile, so Dixa may send them again.",
        ),
      );
      return;
    }
    // The server's own handler knows the rest.
    if (!isHttpProblem(error)) request.log.debug({ err: error }, "a request for the page failed");
    throw error;
  }
}

function pageOf(request: FastifyRequest): number {
  const page = Number(queryParameter(request, "page") ?? 1);
  return Number.isSafeInteger(page) ? page : 1;
}
