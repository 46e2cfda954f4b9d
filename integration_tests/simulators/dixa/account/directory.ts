import { AGENTS, CUSTOMERS } from "../data/people.ts";
import { hash } from "../random.ts";
import { instantOf, seconds, withoutZone } from "./instants.ts";
import { type Row } from "./table.ts";

export const ORGANIZATION_ID = "99999999-9999-4999-8999-999999999999";

export const ORGANIZATION = {
  id: ORGANIZATION_ID,
  name: "Example Shop",
  subdomain: "example",
  status: "Active",
  avatarUrl: "https://files.dixa.io/public/example-shop",
};

const uuid = (kind: string, index: number) =>
  `${kind.repeat(8)}-5555-4555-8555-${String(index).padStart(12, "0")}`;

/** What only some people have, by their place in the list: optional members are absent or, now and then, null. */
function extras(index: number, email: string, name: string): Row {
  const [first = "", ...rest] = name.split(" ");
  return {
    ...(index % 2 === 0 ? { avatarUrl: `https://files.dixa.io/public/avatar_${index}` } : {}),
    additionalEmails: index % 3 === 1 ? [`private.${email}`] : [],
    additionalPhoneNumbers: index % 4 === 2 ? [`+4511000${String(index).padStart(3, "0")}`] : [],
    ...(index % 3 === 2 ? {} : { firstName: first, lastName: rest.join(" ") }),
    middleNames: index % 5 === 0 ? ["Middle", `Mc${index}`] : [],
  };
}

/** `GET /v1/agents`: those to whom conversations are assigned. */
export function agents(): Row[] {
  return AGENTS.map(({ id, name, email, phone }, index) => ({
    id,
    createdAt: seconds(instantOf(index)),
    displayName: name,
    email,
    ...(phone === null ? {} : { phoneNumber: phone }),
    ...extras(index, email, name),
    roles: index === 0 ? ["Agent", "Admin"] : ["Agent"],
  }));
}

/**
 * `GET /v1/endusers`: those who ask in conversations, and others up to the number.
 *
 * Custom attributes are not in it, as Dixa's document says of this list.
 */
export function endUsers(count: number): Row[] {
  const known = CUSTOMERS.map(({ id, name, email, phone }) => ({ id, name, email, phone }));
  const others = Array.from({ length: Math.max(0, count - known.length) }, (_, index) => ({
    id: uuid("1", index + known.length),
    name: index % 7 === 3 ? null : `Customer No${index}`,
    email: index % 5 === 4 ? null : `customer.${index}@example.org`,
    phone: index % 3 === 0 ? `+4520${String(index).padStart(6, "0")}` : null,
  }));
  return [...known, ...others].slice(0, Math.max(count, 0)).map(({ id, name, email, phone }, index) => ({
    id,
    createdAt: seconds(instantOf(index % 600)),
    ...(name === null ? {} : { displayName: name }),
    ...(email === null ? (index % 2 === 0 ? { email: null } : {}) : { email }),
    ...(phone === null ? {} : { phoneNumber: phone }),
    ...extras(index, email ?? `nobody.${index}@example.org`, name ?? "Nobody Known"),
    ...(index % 3 === 0 ? { externalId: `#${hash(1, index, 4)}` } : {}),
  }));
}

/** `GET /v1/agents/presence`, a snapshot; instants have no zone. */
export function presence(now: number): Row[] {
  return AGENTS.map(({ id }, index) => ({
    userId: id,
    requestTime: withoutZone(now),
    ...(index === 5 ? {} : { lastSeen: withoutZone(now - index * 3_600_000) }),
    ...(index % 3 === 2 ? {} : { presenceStatus: index % 3 === 0 ? "Working" : "Away" }),
    connectionStatus: index % 3 === 2 ? "Offline" : "Online",
    activeChannels: ["Email", "WidgetChat", "PstnPhone"].slice(0, index % 4),
  }));
}

/** `GET /v1/teams`. */
export function teams(): Row[] {
  return ["First line", "Back office", "Nat – night", "Nobody's team"].map((name, index) => ({
    id: uuid("5", index),
    name,
  }));
}

/** `GET /v1/teams/{teamId}/agents`: an agent can be in several teams, and the last team has nobody. */
export function teamMembers(team: number): Row[] {
  if (team === 3) return [];
  return AGENTS.filter((_, index) => index % 3 === team || index % 4 === team).map(
    ({ id, name, email, phone }, index) => ({
      id,
      ...(index % 4 === 3 ? {} : { name, email }),
      ...(phone === null ? {} : { phoneNumber: phone }),
    }),
  );
}
