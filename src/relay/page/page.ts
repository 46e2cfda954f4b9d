import { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import { isHttpProblem } from "../http/errors.ts";
import { type Services } from "../http/services.ts";
import { isStoreUnavailable } from "../store/store-unavailable.ts";
import { Access } from "./access.ts";
import { AddRoutes } from "./add-routes.ts";
import { ASSETS } from "./assets.ts";
import { asHtml } from "./forms.ts";
import { messagePage } from "./layout.ts";
import { ManageRoutes } from "./manage-routes.ts";
import { PendingHistory } from "./pending-history.ts";
import { takeSamples } from "./samples.ts";
import { StatusRoutes } from "./status-routes.ts";

const FORM_LIMIT = 8 * 1024;

const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The status page, for people. */
export function addPage(app: FastifyInstance, services: Services): void {
  void app.register(async (page) => {
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
    page.setErrorHandler(answerError);
    for (const { path, type, content } of ASSETS) {
      page.get(path, (_, reply) =>
        reply.type(type).header("cache-control", "public, max-age=31536000, immutable").send(content),
      );
    }
    const history = new PendingHistory();
    takeSamples(page, services, history);

    const access = new Access(services);
    page.get("/login", (request, reply) => access.showLogin(request, reply));
    page.post("/login", (request, reply) => access.signIn(request, reply));
    page.post(
      "/logout",
      access.toDo((_, reply) => Promise.resolve(access.signOut(reply))),
    );
    new StatusRoutes(services, history).addTo(page, access);
    new AddRoutes(services).addTo(page, access);
    new ManageRoutes(services).addTo(page, access);
    await Promise.resolve();
  });
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
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
