import { type Subscription, type SubscriptionRequest } from "../../../src/dixa/webhooks/subscriptions.ts";
import { HttpStatusError, NetworkError } from "../../../src/http/errors.ts";
import { type OpenDixa } from "../../../src/relay/accounts/dixa-account.ts";

export const DIXA_TOKEN = "dixa-token-0123456789";

/** Dixa's subscriptions, in memory. */
export class FakeDixa {
  readonly stored: Subscription[] = [];
  readonly calls: string[] = [];
  /** Whether answers to changes hold the secret, which Dixa's documents leave open. */
  tellsSecret = true;
  /** The call that gets no answer, though it is carried out. */
  silentAt: string | undefined;
  /** Called before each call, as if somebody else did something meanwhile. */
  before: (call: string) => Promise<void> = () => Promise.resolve();
  #count = 0;

  readonly open: OpenDixa = ({ token }) => {
    const check = async <T>(call: string, answer: () => T): Promise<T> => {
      this.calls.push(call);
      await this.before(call);
      if (token !== DIXA_TOKEN) {
        throw new HttpStatusError(call, { status: 401, bodyText: "" });
      }
      const given = answer();
      if (call === this.silentAt) throw new NetworkError("ECONNRESET", `${call}: the connection broke`);
      return given;
    };
    return {
      close: () => undefined,
      subscriptions: {
        list: () => check("list", () => [...this.stored]),
        get: (id) => check("get", () => this.#find(id)),
        create: (request) => check("create", () => this.#told(this.#add(request))),
        update: (id, request) =>
          check("update", () =>
            this.#told(
              Object.assign(this.#find(id), {
                name: request.name,
                subscribedEvents: [...request.events],
                enabled: request.enabled,
              }),
            ),
          ),
        delete: (id) =>
          check("delete", () => {
            this.stored.splice(this.stored.indexOf(this.#find(id)), 1);
          }),
        deliveryStatus: () => check("deliveryStatus", () => []),
      },
    };
  };

  #add({ name, url, events, enabled }: SubscriptionRequest): Subscription {
    const number = ++this.#count;
    const secretKey = `secret-of-webhook-${number}-0123456789abcdef`;
    const made = { id: `w${number}`, name, url, subscribedEvents: [...events], enabled, secretKey };
    this.stored.push(made);
    return made;
  }

  #find(id: string): Subscription {
    const found = this.stored.find((other) => other.id === id);
    if (found === undefined) throw new HttpStatusError("GET", { status: 404, bodyText: "" });
    return found;
  }

  #told(subscription: Subscription): Subscription {
    return this.tellsSecret ? subscription : { ...subscription, secretKey: undefined };
  }
}
