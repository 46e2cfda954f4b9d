import { sign } from "../../src/dixa/webhooks/signature.ts";
import { hex, integer, pick, type Random, text } from "./random.ts";

/** What an attack is made for. */
export interface Target {
  credentialId: string;
  connectionId: string;
  /** What the relay knows, and the attacker doesn't. Signed with it is only what must have no effect. */
  secret: string;
  /** A webhook that was delivered before, byte for byte. */
  delivered: { body: Buffer; signature: string };
}

/** One attack: bytes for a connection of its own. */
export interface Attack {
  kind: string;
  chunks: Buffer[];
  /** What the attacker does after the last chunk. Default: wait for the answer. */
  then?: "hang_up" | "half_close" | "drip";
}

type Maker = (random: Random, target: Target) => Attack;

/** The next attack, of any kind. */
export function nextAttack(random: Random, target: Target): Attack {
  return pick(MAKERS, random)(random, target);
}

/** An attacker who sends a byte now and then, for as long as the relay lets him. */
export function slowAttack({ credentialId }: Target): Attack {
  const head = request("POST", `/webhooks/dixa/${credentialId}`, {
    "x-dixa-signature": `t=1,v1=${"0".repeat(64)}`,
    "content-type": "application/json",
    "content-length": "100000",
  });
  return { kind: "slow body", chunks: [head], then: "drip" };
}

const MAKERS: readonly Maker[] = [
  badSignature,
  badSignature,
  replay,
  signedGarbage,
  hugeBody,
  deepBody,
  cutBody,
  lyingLength,
  wrongPath,
  wrongMethod,
  wrongToken,
  forgedForm,
  headerAbuse,
  smuggling,
  rawBytes,
];

function badSignature(random: Random, { credentialId, secret, delivered }: Target): Attack {
  const body = webhook(random);
  const now = Date.now();
  const signature = pick(
    [
      () => "",
      () => "t=1",
      () => `t=${now},v1=${hex(random, 64)}`,
      () => `t=${now},v1=${hex(random, integer(random, 1, 300))}`,
      () => sign(hex(random, 32), body, now),
      () => sign(secret, Buffer.concat([body, Buffer.from(" ")]), now),
      () => sign(secret, body, now + 3_600_000),
      () => sign(secret, body, now).replace("v1=", "v0="),
      () => sign(secret, body, now).replace("t=", "t=1"),
      () => delivered.signature,
      () => Array.from({ length: 500 }, () => `v1=${hex(random, 64)}`).join(","),
      () => text(random, 200),
    ],
    random,
  )();
  return one("bad signature", webhookRequest(credentialId, body, { "x-dixa-signature": signature }));
}

/** What Dixa has sent before, once more; or with a changed byte. */
function replay(random: Random, { credentialId, delivered }: Target): Attack {
  const { body, signature } = delivered;
  const copy = Buffer.from(body);
  if (random() < 0.5) copy[integer(random, 0, copy.length - 1)] = integer(random, 32, 126);
  return one("replay", webhookRequest(credentialId, copy, { "x-dixa-signature": signature }));
}

/** Well signed, and nothing that could be an event. */
function signedGarbage(random: Random, { credentialId, secret }: Target): Attack {
  if (random() < 0.1) {
    const genuine = webhook(random);
    const headers = { "x-dixa-signature": sign(secret, genuine, Date.now()), "content-type": "text/plain" };
    return one("signed garbage", webhookRequest(credentialId, genuine, headers));
  }
  const body = pick(
    [
      () => Buffer.from(bytes(random, 300)),
      () => Buffer.from("null"),
      () => Buffer.from("[]"),
      () => Buffer.from('{"event_id":1}'),
      () => Buffer.from('{"event_id":""}'),
      () => Buffer.from('{"event_id":"\\u0000"}'),
      () => Buffer.from('{"event_id":"\\ud800"}'),
      () => Buffer.from(`{"event_id":"${"x".repeat(5000)}"}`),
      () => Buffer.from('{"__proto__":{"event_id":"x"}}'),
      () => Buffer.from('{"event_id":"typing","event_fqn":"TYPING_STARTED"}'),
      () => Buffer.from('{"event_id":"a"'),
      () => Buffer.alloc(0),
    ],
    random,
  )();
  return one(
    "signed garbage",
    webhookRequest(credentialId, body, { "x-dixa-signature": sign(secret, body, Date.now()) }),
  );
}

function hugeBody(random: Random, { credentialId }: Target): Attack {
  const size = integer(random, 256 * 1024 + 1, 2 * 1024 * 1024);
  const headers = {
    "content-type": "application/json",
    "x-dixa-signature": `t=1,v1=${hex(random, 64)}`,
  };
  const path = `/webhooks/dixa/${credentialId}`;
  if (random() < 0.5) {
    const head = request("POST", path, { ...headers, "content-length": String(size) });
    return { kind: "huge body", chunks: [head, Buffer.alloc(size, 0x20)] };
  }
  const piece = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, 0x20), Buffer.from("\r\n")]);
  const head = request("POST", path, { ...headers, "transfer-encoding": "chunked" });
  return { kind: "huge body", chunks: [head, ...Array.from({ length: 8 }, () => piece)] };
}

function deepBody(random: Random, { credentialId, secret }: Target): Attack {
  const depth = integer(random, 1000, 120_000);
  const body = Buffer.from(pick(["[", '{"a":'], random).repeat(depth).slice(0, 250_000));
  const signature = random() < 0.5 ? sign(secret, body, Date.now()) : `t=1,v1=${hex(random, 64)}`;
  return one("deep body", webhookRequest(credentialId, body, { "x-dixa-signature": signature }));
}

function cutBody(random: Random, { credentialId, secret }: Target): Attack {
  const body = webhook(random);
  const whole = webhookRequest(credentialId, body, { "x-dixa-signature": sign(secret, body, Date.now()) });
  const cut = whole.subarray(0, integer(random, 1, whole.length - 1));
  return { kind: "cut body", chunks: [cut], then: random() < 0.5 ? "hang_up" : "half_close" };
}

function lyingLength(random: Random, { credentialId }: Target): Attack {
  const length = pick(
    ["-1", "1e3", "0x10", "99999999999999999999", "5, 5", " ", "NaN", "18446744073709551616"],
    random,
  );
  const head = request("POST", `/webhooks/dixa/${credentialId}`, {
    "content-type": "application/json",
    "x-dixa-signature": `t=1,v1=${hex(random, 64)}`,
    "content-length": length,
  });
  return { kind: "lying length", chunks: [head, Buffer.from("{}")], then: "half_close" };
}

function wrongPath(random: Random, { credentialId }: Target): Attack {
  const path = pick(
    [
      () => `/${text(random, 60)}`,
      () => "/../../../etc/passwd",
      () => "/%2e%2e/%2e%2e/etc/passwd",
      () => `/webhooks/dixa/${credentialId}%00`,
      () => `/webhooks/dixa/${credentialId}/..`,
      () => `//webhooks//dixa//${credentialId}`,
      () => `/webhooks/dixa/${"a".repeat(integer(random, 1, 4000))}`,
      () => "/webhooks/dixa/%E0%A4%A",
      () => "/webhooks/dixa/' OR 1=1 --".replaceAll(" ", "%20"),
      () => `/webhooks/airbyte/${text(random, 40)}`,
      () => "/v1/credentials/__proto__",
      () => "/assets/../relay.db",
      () => `/?done=${text(random, 40)}`,
      () => "/openapi.json?x[__proto__]=1",
      () => "*",
      () => "http://example.com/",
    ],
    random,
  )();
  const method = pick(["GET", "POST"], random);
  return one("wrong path", request(method, path, { "content-length": "0" }));
}

function wrongMethod(random: Random, { credentialId }: Target): Attack {
  const method = pick(
    [
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "TRACE",
      "CONNECT",
      "HEAD",
      "PROPFIND",
      "PURGE",
      "get",
      "G\tET",
      "QUERY",
      "",
    ],
    random,
  );
  const path = pick([`/webhooks/dixa/${credentialId}`, "/v1/credentials", "/", "/metrics", "/login"], random);
  return one("wrong method", request(method, path, {}));
}

function wrongToken(random: Random, { credentialId, connectionId }: Target): Attack {
  const [method, path] = pick(
    [
      ["GET", "/v1/credentials"],
      ["GET", `/v1/credentials/${credentialId}`],
      ["POST", `/v1/credentials/${credentialId}/sync?wait=10m`],
      ["POST", `/v1/connections/${connectionId}/retry`],
      ["POST", `/v1/connections/${connectionId}/park`],
    ] as const,
    random,
  );
  const authorization = pick(
    [
      () => `Bearer ${text(random, 50)}`,
      () => "Bearer",
      () => "Bearer undefined",
      () => `Basic ${Buffer.from(text(random, 30)).toString("base64")}`,
      () => text(random, 100),
      () => "",
    ],
    random,
  )();
  return one("wrong token", request(method, path, { authorization, "content-length": "0" }));
}

function forgedForm(random: Random, { credentialId, connectionId }: Target): Attack {
  const path = pick(
    [
      "/login",
      "/logout",
      `/page/credentials/${credentialId}/sync`,
      `/page/connections/${connectionId}/park`,
      `/page/connections/${connectionId}/retry`,
    ],
    random,
  );
  const body = pick(
    [
      () => `token=${text(random, 50)}`,
      () => `csrf=${text(random, 50)}`,
      () => "token=".repeat(500),
      () => "%".repeat(200),
      () => `csrf=${"x".repeat(20_000)}`,
    ],
    random,
  )();
  const end = Date.now() + 3_600_000;
  const cookie = pick(
    [
      "",
      `dixa_relay=${end}.${"A".repeat(22)}.${"B".repeat(43)}`,
      `dixa_relay=${text(random, 80)}`,
      ";".repeat(500),
    ],
    random,
  );
  return one(
    "forged form",
    request(
      "POST",
      path,
      {
        cookie,
        "content-type": "application/x-www-form-urlencoded",
        "content-length": String(Buffer.byteLength(body)),
      },
      body,
    ),
  );
}

function headerAbuse(random: Random, { credentialId }: Target): Attack {
  const headers: Record<string, string> = { "content-type": "application/json", "content-length": "2" };
  const kind = integer(random, 0, 6);
  if (kind === 0) for (let i = 0; i < 2500; i++) headers[`x-${i}`] = "1";
  if (kind === 1) headers["x-large"] = "x".repeat(integer(random, 10_000, 100_000));
  if (kind === 2) headers["content-type"] = text(random, 100);
  if (kind === 3) headers["x-dixa-signature"] = `t=1,v1=${"\u00e9".repeat(64)}`;
  if (kind === 4) headers["expect"] = pick(["100-continue", "200-ok", text(random, 20)], random);
  if (kind === 5) headers["upgrade"] = "websocket";
  if (kind === 5) headers["connection"] = "Upgrade";
  if (kind === 6) headers["accept-encoding"] = text(random, 300);
  return {
    kind: "header abuse",
    chunks: [request("POST", `/webhooks/dixa/${credentialId}`, headers, "{}")],
    then: "half_close",
  };
}

function smuggling(random: Random, { credentialId, connectionId }: Target): Attack {
  const inner = `POST /v1/connections/${connectionId}/park HTTP/1.1\r\nHost: relay\r\n\r\n`;
  const head = pick(
    [
      "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
      "X: a\r\n\tfolded: b\r\n\r\n",
      "X: a\nY: b\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ],
    random,
  );
  const text = `POST /webhooks/dixa/${credentialId} HTTP/1.1\r\nHost: relay\r\n${head}${inner}`;
  return { kind: "smuggling", chunks: [Buffer.from(text)], then: "half_close" };
}

function rawBytes(random: Random): Attack {
  const chunks = Array.from({ length: integer(random, 1, 4) }, () => Buffer.from(bytes(random, 400)));
  return { kind: "raw bytes", chunks, then: pick(["hang_up", "half_close"] as const, random) };
}

function one(kind: string, content: Buffer): Attack {
  return { kind, chunks: [content], then: "half_close" };
}

function webhookRequest(credentialId: string, body: Buffer, headers: Record<string, string>): Buffer {
  const all = { "content-type": "application/json", ...headers, "content-length": String(body.length) };
  return Buffer.concat([request("POST", `/webhooks/dixa/${credentialId}`, all), body]);
}

function request(method: string, path: string, headers: Record<string, string>, body = ""): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const connection = "connection" in headers ? "" : "connection: close\r\n";
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: relay\r\n${connection}${lines.join("")}\r\n${body}`,
    "latin1",
  );
}

function webhook(random: Random): Buffer {
  return Buffer.from(
    JSON.stringify({
      event_id: hex(random, 32),
      event_fqn: "CONVERSATION_CLOSED",
      data: { text: text(random, 100) },
    }),
  );
}

function bytes(random: Random, longest: number): number[] {
  return Array.from({ length: integer(random, 1, longest) }, () => integer(random, 0, 255));
}
