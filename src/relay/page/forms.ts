import { type FastifyReply, type FastifyRequest } from "fastify";

import { pathParameter, queryParameter } from "../http/operation.ts";
import { messagePage } from "./layout.ts";

export function asHtml(reply: FastifyReply): FastifyReply {
  return reply.type("text/html; charset=utf-8");
}

export function forbidden(reply: FastifyReply): FastifyReply {
  return asHtml(reply.code(403)).send(
    messagePage(
      "Not done",
      "The form was too old or came from another site. Load the status page and try again.",
    ),
  );
}

export function notFound(reply: FastifyReply): FastifyReply {
  return asHtml(reply.code(404)).send(messagePage("Not found", "The relay does not know it any more."));
}

/** The id in the address. */
export function idOf(request: FastifyRequest): string {
  return pathParameter(request, "id").toLowerCase();
}

/** Which page of a list is wanted, from 1. */
export function pageNumber(request: FastifyRequest): number {
  const page = Number(queryParameter(request, "page") ?? 1);
  return Number.isSafeInteger(page) ? page : 1;
}

/** A member of a form. */
export function field({ body }: FastifyRequest, name: string): string {
  return body instanceof URLSearchParams ? (body.get(name) ?? "") : "";
}

/** The same without the blanks around it; undefined: it was left empty. */
export function optionalField(request: FastifyRequest, name: string): string | undefined {
  const value = field(request, name).trim();
  return value === "" ? undefined : value;
}

/** Whether the browser itself says that another site sent this. */
export function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const site = headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

export function wantsText({ headers }: FastifyRequest): boolean {
  return headers.accept === "text/plain";
}
