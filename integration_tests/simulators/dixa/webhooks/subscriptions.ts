import { randomBytes, randomUUID } from "node:crypto";

import { z } from "zod";

const authorizationSchema = z.discriminatedUnion("_type", [
  z.object({ _type: z.literal("NoAuth") }),
  z.object({ _type: z.literal("BasicAuth"), username: z.string(), password: z.string() }),
  z.object({ _type: z.literal("TokenAuth"), value: z.string() }),
]);

const requestSchema = z.object({
  name: z.string().min(1),
  url: z.url({ protocol: /^https?$/ }),
  authorization: authorizationSchema,
  events: z.array(z.string()).default([]),
  enabled: z.boolean().default(true),
  customHeaders: z.record(z.string(), z.string()).default({}),
  /** Kept and shown, but every event is delivered. */
  filters: z.record(z.string(), z.unknown()).optional(),
});
const changeSchema = requestSchema.partial();

/** An outbound webhook as `/v1/webhooks` shows it. */
export interface Subscription {
  id: string;
  name: string;
  /** Names of the API, such as `ConversationClosed`. */
  subscribedEvents: string[];
  url: string;
  /** What goes with each delivery, `Authorization` included. */
  headers: Record<string, string>;
  /** 32 bytes in hexadecimal. */
  secretKey: string;
  enabled: boolean;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  updatedBy: string;
  filters?: Record<string, unknown>;
}

type Request = z.output<typeof requestSchema>;

const ADMIN_ID = "33333333-1111-4111-8111-000000000000";

/** The outbound webhooks of the account. Methods that take a body return a text if it is not acceptable (400). */
export class Subscriptions {
  /**
   * Dixa's documents name no limit of an account's webhooks, nor the status that tells of it.
   * Undefined: there is none.
   */
  limit: { most: number; status: number } | undefined;
  readonly #byId = new Map<string, { subscription: Subscription; request: Request }>();
  readonly #now: () => number;

  /** @param now ms UTC */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The status with which another is refused; undefined: there is room. */
  get refusal(): number | undefined {
    return this.limit !== undefined && this.#byId.size >= this.limit.most ? this.limit.status : undefined;
  }

  list(): Subscription[] {
    return Array.from(this.#byId.values(), ({ subscription }) => subscription);
  }

  get(id: string): Subscription | undefined {
    return this.#byId.get(id)?.subscription;
  }

  create(body: unknown): Subscription | string {
    const parsed = requestSchema.safeParse(body);
    if (!parsed.success) return describe(parsed.error);
    const id = randomUUID();
    const at = this.#timestamp();
    const subscription = {
      id,
      ...shown(parsed.data),
      secretKey: randomBytes(32).toString("hex"),
      createdAt: at,
      createdBy: ADMIN_ID,
      updatedAt: at,
      updatedBy: ADMIN_ID,
    };
    this.#byId.set(id, { subscription, request: parsed.data });
    return subscription;
  }

  /** Undefined if there is no such subscription. */
  change(id: string, body: unknown): Subscription | string | undefined {
    const found = this.#byId.get(id);
    if (found === undefined) return undefined;
    const parsed = changeSchema.safeParse(body);
    if (!parsed.success) return describe(parsed.error);
    // The schema's defaults are for creation: what a change leaves out stays as it is.
    const given = Object.keys(typeof body === "object" && body !== null ? body : {});
    const changes = Object.fromEntries(Object.entries(parsed.data).filter(([key]) => given.includes(key)));
    const request = { ...found.request, ...changes };
    const subscription = { ...found.subscription, ...shown(request), updatedAt: this.#timestamp() };
    this.#byId.set(id, { subscription, request });
    return subscription;
  }

  /** False if there was none. */
  delete(id: string): boolean {
    return this.#byId.delete(id);
  }

  #timestamp(): string {
    return new Date(this.#now()).toISOString();
  }
}

function shown({ name, url, authorization, events, enabled, customHeaders, filters }: Request) {
  return {
    name,
    url,
    subscribedEvents: events,
    headers: { ...customHeaders, ...authorizationHeader(authorization) },
    enabled,
    ...(filters === undefined ? {} : { filters }),
  };
}

function authorizationHeader(authorization: Request["authorization"]): Record<string, string> {
  switch (authorization._type) {
    case "NoAuth":
      return {};
    case "BasicAuth": {
      const { username, password } = authorization;
      return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
    }
    case "TokenAuth":
      return { Authorization: `Bearer ${authorization.value}` };
  }
}

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
