import { type FastifyRequest } from "fastify";

import { queryParameter } from "../http/operation.ts";

/** What an action did, in the words that the page shows afterwards; the keys travel in its address. */
const DONE = {
  sync: "A sync of all its connections has been asked for.",
  retry: "Back-offs and failures are forgotten; it is tried again.",
  park: "Parked. What happens meanwhile is not forgotten.",
  unpark: "Unparked.",
  forget: "The connection is forgotten.",
  look: "Airbyte is being asked which connections there are.",
  added: "The account is added.",
  renamed: "Renamed.",
  settings: "Saved. All replicas know it within seconds.",
  secret: "The secret is kept. If there was one before, it still counts for a day.",
  rotated: "Dixa signs with a new secret. The one before still counts for a day.",
  token: "The token is kept, encrypted.",
  forgotten: "The token is forgotten.",
  removed: "The account is removed.",
} as const;

export type Done = keyof typeof DONE;

export function doneWords(done: Done): string {
  return DONE[done];
}

/** What the page's address says was done, in words from the fixed list. */
export function doneMessage(request: FastifyRequest): string | undefined {
  const given = queryParameter(request, "done") ?? "";
  return Object.entries(DONE).find(([key]) => key === given)?.[1];
}
