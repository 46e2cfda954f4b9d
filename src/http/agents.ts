import { readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import tls from "node:tls";

import { EnvironmentError } from "./errors.ts";

/** Where other programs look for certificates that are trusted besides; Node itself reads NODE_EXTRA_CA_CERTS only. */
const CERTIFICATE_FILES = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] as const;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Keeps connections, and takes proxies and certificates from the environment: HTTP_PROXY, HTTPS_PROXY and NO_PROXY in
 * both cases, SSL_CERT_FILE and REQUESTS_CA_BUNDLE. Whatever stands on this machine's loopback is reached directly.
 */
export class Agents {
  readonly #direct: { http: HttpAgent; https: HttpsAgent };
  readonly #outward: { http: HttpAgent; https: HttpsAgent };

  /**
   * @param maxSockets connections per host at most
   * @throws EnvironmentError ERR_PROXY_ADDRESS or ERR_CERTIFICATE_FILE, which names the variable
   */
  constructor(maxSockets: number, env: Environment = process.env) {
    const options = { keepAlive: true, maxSockets };
    const ca = trusted(env);
    const secure = ca === undefined ? options : { ...options, ca };
    const proxyEnv = proxies(env);
    this.#direct = { http: new HttpAgent(options), https: new HttpsAgent(secure) };
    this.#outward = {
      http: new HttpAgent({ ...options, proxyEnv }),
      https: new HttpsAgent({ ...secure, proxyEnv }),
    };
  }

  /** The agent through which this address is reached. */
  for({ protocol, hostname }: URL): HttpAgent {
    const agents = LOOPBACK.test(hostname) ? this.#direct : this.#outward;
    return protocol === "http:" ? agents.http : agents.https;
  }

  /** Closes all connections. */
  destroy(): void {
    for (const { http, https } of [this.#direct, this.#outward]) {
      http.destroy();
      https.destroy();
    }
  }
}

/** Users and passwords of the proxies that the environment names, in every form in which they could show. */
export function proxySecrets(env: Environment = process.env): string[] {
  return ["HTTP_PROXY", "HTTPS_PROXY"].flatMap((name) => {
    const url = URL.parse(withScheme(valueOf(env, name) ?? ""));
    if (url === null || url.password === "") return [];
    const { username, password } = url;
    const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return [password, decodeURIComponent(password), Buffer.from(plain).toString("base64")];
  });
}

/** As curl and others do, the lower case wins; what is empty is not set. */
function valueOf(env: Environment, name: string): string | undefined {
  const value = (env[name.toLowerCase()] ?? env[name])?.trim();
  return value === "" ? undefined : value;
}

function withScheme(address: string): string {
  return address.includes("://") ? address : `http://${address}`;
}

function proxies(env: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY"]) {
    const value = valueOf(env, name);
    if (value === undefined) continue;
    const url = URL.parse(withScheme(value));
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
      throw new EnvironmentError(
        "ERR_PROXY_ADDRESS",
        `The environment variable ${name} must be the address of an HTTP proxy, for example ` +
          "http://proxy.example.com:3128; other kinds, such as SOCKS, are not supported",
      );
    }
    found[name] = url.href;
  }
  const direct = valueOf(env, "NO_PROXY");
  return direct === undefined ? found : { ...found, NO_PROXY: direct };
}

/** All certificates that are trusted; undefined if the environment names none besides Node's own. */
function trusted(env: Environment): string[] | undefined {
  const more = CERTIFICATE_FILES.flatMap((name) => {
    const path = env[name];
    return path === undefined || path === "" ? [] : certificatesIn(name, path);
  });
  // The default ones hold those of NODE_EXTRA_CA_CERTS.
  return more.length === 0 ? undefined : [...new Set([...tls.getCACertificates("default"), ...more])];
}

function certificatesIn(name: string, path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new EnvironmentError(
      "ERR_CERTIFICATE_FILE",
      `The environment variable ${name} names the file ${path}, which can't be read (${code})`,
      { cause: error },
    );
  }
  const certificates = text.match(CERTIFICATE);
  if (certificates === null) {
    throw new EnvironmentError(
      "ERR_CERTIFICATE_FILE",
      `The environment variable ${name} names the file ${path}, which holds no certificate in the PEM form`,
    );
  }
  return certificates;
}
