import { hex, pick, type Random, text } from "./random.ts";

/** What an attack on accounts knows. */
export interface AccountTarget {
  /** Accounts that there are, or were. */
  ids: readonly string[];
  /** An API token that Dixa takes. */
  token: string;
}

/** A request of somebody who may do all, or believes so. */
export interface AccountAttack {
  via: "http" | "page";
  method: "DELETE" | "GET" | "PATCH" | "POST";
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** The account that it would make, if it would. */
  makes: string | undefined;
}

export const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "\0",
  "a\r\nset-cookie: a=b",
  "\u001b[31mred\u001b[0m",
  "\u202eevitceffe\u202c",
  "\u2067\u0645\u0631\u062d\u0628\u0627",
  "مرحبا بالعالم",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onfocus=alert(1) autofocus='",
  "${jndi:ldap://x}{{7*7}}<%= 1 %>",
  "'; DROP TABLE relay_account; --",
  "../../../etc/passwd",
  "__proto__",
  "\ud800",
  "\udc00\ud800",
  "\u200b\u200b",
  "e\u0301".repeat(90),
  "👩‍👩‍👧‍👦".repeat(18),
  "x".repeat(200),
  "x".repeat(201),
  "x".repeat(20_000),
];

/** What nobody would write who means well. */
function hostile(random: Random): unknown {
  return pick<() => unknown>(
    [
      () => pick(HOSTILE_TEXTS, random),
      () => null,
      () => random() < 0.5,
      () => pick([0, -1, 1e308, 0.1, 2 ** 53], random),
      () => [],
      () => [pick(HOSTILE_TEXTS, random)],
      () => ({}),
      () => ({ [pick(HOSTILE_TEXTS, random)]: hostile(random) }),
      () => ({ constructor: { prototype: { admin: true } } }),
      () => Array.from({ length: 1500 }, () => "ConversationClosed"),
      () => text(random, 600),
    ],
    random,
  )();
}

const FIELDS: Readonly<Record<string, (random: Random, target: AccountTarget) => unknown>> = {
  name: (random) => pick(HOSTILE_TEXTS, random),
  connections: (random) => pick<unknown>(["auto", "tag:x", [uuid(random)], "tag:", []], random),
  events: (random) =>
    pick<unknown>([["all"], ["message"], ["ConversationClosed"], ["NOBODY_KNOWS"], []], random),
  timings: (random) =>
    pick<unknown>(
      [{}, { debounce: "1s" }, { debounce: "9h" }, { max_failed_jobs: 1 }, { lease: "1ms" }],
      random,
    ),
  max_staleness: (random) => pick<unknown>(["6h", null, "0s", "99999d", "1e3s"], random),
  dixa_switch_on: (random) => random() < 0.5,
  webhook_secret: (random) => pick([hex(random, 64), text(random, 40), " "], random),
  dixa_token: (random, { token }) => pick([token, token, text(random, 40), "", "\n"], random),
  keep_token: (random) => random() < 0.5,
  overlap: (random) => pick(["0s", "1h", "-1h", "24d", "25d"], random),
};

const TYPES = [
  "application/json",
  "application/json",
  "application/json",
  "application/json",
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/json, text/html",
  "",
];

function jsonBody(
  random: Random,
  target: AccountTarget,
  names: readonly string[],
  more: Record<string, unknown>,
): string {
  if (random() < 0.05) {
    return pick(
      ["", "{", "null", "[]", '"x"', "[".repeat(100_000), `{"name":"${"x".repeat(300_000)}"}`],
      random,
    );
  }
  const chosen = Object.entries(FIELDS).filter(([key]) => names.includes(key) && random() < 0.3);
  const fields = chosen.map(([key, make]) => [
    random() < 0.04 ? pick(HOSTILE_TEXTS, random) : key,
    random() < 0.2 ? hostile(random) : make(random, target),
  ]);
  return JSON.stringify({ ...more, ...(Object.fromEntries(fields) as object) });
}

function overHttp(random: Random, target: AccountTarget): AccountAttack {
  const method = pick(["POST", "POST", "POST", "PATCH", "PATCH", "DELETE"] as const, random);
  const id = idFor(random, target);
  const isNew = method === "POST" && random() < 0.8;
  const own = uuid(random);
  const path = isNew
    ? "/v1/credentials"
    : `/v1/credentials/${id}${method === "POST" ? "/rotate" : method === "DELETE" ? deletion(random) : ""}`;
  const isNamed = isNew && random() < 0.9;
  const name = random() < 0.8 ? { name: `Account ${hex(random, 4)}` } : {};
  const fields = path.endsWith("/rotate") && random() < 0.8 ? ["dixa_token", "overlap"] : Object.keys(FIELDS);
  const body = jsonBody(
    random,
    target,
    fields,
    isNew ? { ...name, ...(isNamed ? { credential_id: own } : {}) } : {},
  );
  const headers: Record<string, string> = { "content-type": pick(TYPES, random) };
  if (method === "DELETE" && random() < 0.5) {
    headers["x-dixa-api-token"] = pick([target.token, text(random, 40)], random);
  }
  return {
    via: "http",
    method,
    path,
    headers,
    body: method === "DELETE" && random() < 0.9 ? undefined : body,
    makes: isNamed ? own : undefined,
  };
}

function deletion(random: Random): string {
  return pick(
    ["", "?webhook=keep", "?webhook=remove", "?webhook=%00", "?webhook=remove&webhook=keep"],
    random,
  );
}

const FORMS = ["rename", "settings", "rotate", "secret", "token", "remove", "look"];

function onThePage(random: Random, target: AccountTarget): AccountAttack {
  const id = idFor(random, target);
  if (random() < 0.2) {
    const query = `?${pick(["q", "page", "done", "id"], random)}=${encodeURIComponent(safe(random))}`;
    const path = pick(
      ["/", "/accounts/new", `/accounts/${id}`, `/accounts/${id}/manage`, "/page/fragment"],
      random,
    );
    return {
      via: "page",
      method: "GET",
      path: `${path}${query}`,
      headers: {},
      body: undefined,
      makes: undefined,
    };
  }
  const own = uuid(random);
  const isNew = random() < 0.4;
  const fields: [string, string][] = [
    ["csrf", random() < 0.9 ? "CSRF" : safe(random)],
    ["id", random() < 0.9 ? own : safe(random)],
    ["name", random() < 0.5 ? `Account ${hex(random, 4)}` : safe(random)],
    ["token", pick([target.token, target.token, safe(random)], random)],
    ["secret", pick(["", hex(random, 64), safe(random)], random)],
    ["staleness", pick(["", "6h", safe(random)], random)],
    ...["keep", "switch", "take", "forget"].flatMap((box): [string, string][] =>
      random() < 0.3 ? [[box, pick(["yes", safe(random)], random)]] : [],
    ),
  ];
  const kept = fields.filter(([key]) => key === "csrf" || key === "id" || random() < 0.7);
  if (random() < 0.1) kept.push(["name", "a second name"]);
  const type = random() < 0.9 ? "application/x-www-form-urlencoded" : pick(TYPES, random);
  const isWhole = isNew && kept.some(([key, value]) => key === "id" && value === own);
  return {
    via: "page",
    method: "POST",
    path: isNew ? "/accounts" : random() < 0.05 ? "/login" : `/accounts/${id}/${pick(FORMS, random)}`,
    headers: { "content-type": type },
    body: new URLSearchParams(kept).toString(),
    makes: isWhole ? own : undefined,
  };
}

/** The next request, of any kind. */
export function nextAccountAttack(random: Random, target: AccountTarget): AccountAttack {
  return random() < 0.6 ? overHttp(random, target) : onThePage(random, target);
}

/** A hostile text that can be encoded. */
function safe(random: Random): string {
  return pick(HOSTILE_TEXTS, random).toWellFormed();
}

function idFor(random: Random, { ids }: AccountTarget): string {
  if (ids.length > 0 && random() < 0.85) {
    const id = pick(ids, random);
    return random() < 0.1 ? id.toUpperCase() : id;
  }
  return pick([uuid(random), "x", "__proto__", "%00", "%2e%2e", encodeURIComponent(safe(random))], random);
}

function uuid(random: Random): string {
  const digits = hex(random, 32);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
}
