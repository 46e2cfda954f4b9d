import { type FastifyReply, type FastifyRequest } from "fastify";

import { type Services } from "../http/services.ts";
import { isSameSecret } from "../http/token.ts";
import { asHtml, field, forbidden, isFromElsewhere, wantsText } from "./forms.ts";
import { loginPage } from "./layout.ts";
import { LoginLimit } from "./login-limit.ts";
import { type Session, Sessions } from "./session.ts";

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
export type SignedInHandler = (
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
) => Promise<unknown>;

/** Who may see the page and press its buttons. */
export class Access {
  readonly #services: Services;
  readonly #logins = new LoginLimit();

  constructor(services: Services) {
    this.#services = services;
  }

  /** By the admin token of now: a new one ends all sessions. */
  get #sessions(): Sessions {
    const { adminToken, publicUrl } = this.#services.config;
    return new Sessions(adminToken, publicUrl?.startsWith("https:") ?? false);
  }

  /** For those who have signed in; the page's script is told when the session is over, people are led to the login. */
  toSee(handler: SignedInHandler): Handler {
    return async (request, reply) => {
      const session = this.#sessionOf(request);
      if (session !== undefined) return await handler(request, reply, session);
      return wantsText(request)
        ? reply.code(401).type("text/plain").send("Sign in again.")
        : reply.redirect("/login", 303);
    };
  }

  /** For a form that the page itself has given to somebody who has signed in. */
  toDo(handler: SignedInHandler): Handler {
    return this.toSee(async (request, reply, session) => {
      const isOurs = !isFromElsewhere(request) && isSameSecret(field(request, "csrf"), session.csrf);
      return isOurs ? await handler(request, reply, session) : forbidden(reply);
    });
  }

  showLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (this.#sessionOf(request) !== undefined) return reply.redirect("/", 303);
    return asHtml(reply).send(loginPage(undefined));
  }

  signIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
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

  signOut(reply: FastifyReply): FastifyReply {
    return reply.header("set-cookie", this.#sessions.close()).redirect("/login", 303);
  }

  #sessionOf(request: FastifyRequest): Session | undefined {
    return this.#sessions.read(request.headers.cookie, this.#services.clock.now());
  }
}
