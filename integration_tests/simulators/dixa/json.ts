import { type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** An answer that is not worth streaming. */
export interface JsonReply {
  status: number;
  /** Undefined: no body at all, as with 204. */
  body?: unknown;
  /** In place of `body`: a page for people, as gateways send. */
  text?: string;
}

export function sendJson(response: ServerResponse, { status, body, text: page }: JsonReply): void {
  response.statusCode = status;
  if (page !== undefined) {
    response.setHeader("content-type", "text/html");
    response.end(page);
    return;
  }
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

/** The body of a request; undefined if it is not a JSON object. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await text(request));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
