import { z } from "zod";

import { LISTS } from "./account/account.ts";
import { type Denials } from "./account/denials.ts";
import { type Control } from "./control.ts";
import { ALL_FAULTS, type FaultPlan } from "./faults.ts";
import { type JsonReply } from "./json.ts";
import { type RequestLog } from "./request-log.ts";

const PREFIX = "/__control/";

/** A conversation, by its id or by its place in the pattern; without either it is the first, if one is needed. */
const conversation = z.object({ id: z.int().optional(), index: z.int().min(0).optional() });
const changes = z.record(z.string(), z.unknown()).optional();
const at = z.int().optional();
const fault = z.literal([...ALL_FAULTS]);

const list = z.literal(LISTS);
const place = z.int().min(0).optional();

const bodies = {
  touch: z.object({ at, changes }),
  close: z.object({ at }),
  conversation: z.object({ at, changes }),
  anonymize: z.object({ at }),
  redact: z.object({ at }),
  message: z.object({ at, text: z.string().default("Is anybody there?") }),
  emit: z.object({ event: z.string(), at, eventId: z.string().optional(), data: changes }),
  insert: z.object({ list, at: place, row: changes }),
  remove: z.object({ list, at: place }),
  deny: z.object({ path: z.string(), status: z.literal([403, 404]).optional() }),
  faults: z.object({
    rate: z.number().min(0).max(1).optional(),
    kinds: z.array(fault).optional(),
    next: z.array(fault).default([]),
  }),
};

/**
 * Lets another process do what {@link Control} does: `POST /__control/{touch,close,anonymize,redact,conversation,message,emit,insert,remove,deny,faults}`
 * on the Dixa API's host with a JSON object, and `GET /__control/requests`. Undefined if the path is another one.
 */
export async function answerControl(
  { method, path, body }: { method: string; path: string; body: Record<string, unknown> },
  simulator: { control: Control; denials: Denials; faults: FaultPlan; requests: readonly RequestLog[] },
): Promise<JsonReply | undefined> {
  if (!path.startsWith(PREFIX)) return undefined;
  const action = path.slice(PREFIX.length);
  try {
    if (method === "GET" && action === "requests") return { status: 200, body: simulator.requests };
    if (method === "POST") return { status: 200, body: await act(action, body, simulator) };
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { status: 400, body: { message } };
  }
  return { status: 404, body: { message: `there is no ${method} ${path}` } };
}

/** @throws Error in plain words if the body is not what the action needs */
async function act(
  action: string,
  body: Record<string, unknown>,
  { control, denials, faults }: { control: Control; denials: Denials; faults: FaultPlan },
): Promise<unknown> {
  const { id: given, index } = conversation.parse(body);
  const chosen = index === undefined ? given : control.conversationId(index);
  const id = chosen ?? control.conversationId(0);
  switch (action) {
    case "touch": {
      const { at, changes } = bodies.touch.parse(body);
      return control.touchConversation(id, at, changes).row;
    }
    case "close":
      return control.closeConversation(id, bodies.close.parse(body).at).row;
    case "anonymize":
      return control.anonymizeConversation(id, bodies.anonymize.parse(body).at).row;
    case "redact":
      return { id: control.redactMessage(id, bodies.redact.parse(body).at) };
    case "conversation": {
      const { at, changes } = bodies.conversation.parse(body);
      return control.addConversation(at, changes).row;
    }
    case "message": {
      const { at, text } = bodies.message.parse(body);
      return control.addMessage(id, text, at).row;
    }
    case "emit": {
      const { event, at, eventId, data } = bodies.emit.parse(body);
      return control.emitWebhook(event, chosen, {
        ...(at === undefined ? {} : { at }),
        ...(eventId === undefined ? {} : { eventId }),
        ...(data === undefined ? {} : { data }),
      });
    }
    case "insert": {
      const { list: name, at, row } = bodies.insert.parse(body);
      return control.insertRow(name, at, row);
    }
    case "remove": {
      const { list: name, at } = bodies.remove.parse(body);
      return control.removeRow(name, at) ?? {};
    }
    case "deny": {
      const { path, status } = bodies.deny.parse(body);
      denials.set(path, status);
      return {};
    }
    case "faults": {
      const { next, rate, kinds } = bodies.faults.parse(body);
      faults.set({ ...(rate === undefined ? {} : { rate }), ...(kinds === undefined ? {} : { kinds }) });
      faults.next(...next);
      return {};
    }
    default:
      throw new Error(`there is no action ${JSON.stringify(action)}: ${Object.keys(bodies).join(", ")}`);
  }
}
