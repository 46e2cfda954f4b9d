import { ConnectorError, type FailureType, isConnectorError } from "../airbyte/protocol/failure.ts";
import {
  type HttpStatusError,
  isBodyError,
  isCertificateError,
  isEnvironmentError,
  isHttpStatusError,
  isNetworkError,
  type NetworkError,
} from "../http/errors.ts";

const MAKE_TOKEN =
  "Make one in Dixa under Settings > Integrations > API tokens, with “Dixa API” as the API version " +
  "(tokens of the old “Integrations API” do not work).";

/** What a final answer means. The retry policy has already waited out what heals by waiting. */
const MEANINGS = {
  400: {
    type: "system_error",
    message:
      "Dixa refused the request as invalid (400). This is likely a fault of this connector; please report it.",
  },
  401: { type: "config_error", message: `Dixa does not accept the API token (401). ${MAKE_TOKEN}` },
  403: {
    type: "config_error",
    message: `Dixa accepts the API token but gives it no right to read this (403). Ask a Dixa admin. ${MAKE_TOKEN}`,
  },
  402: {
    type: "config_error",
    message: "Dixa wants a payment before it answers (402). Ask a Dixa admin about the account's plan.",
  },
  404: {
    type: "system_error",
    message: "Dixa does not know the address (404). If you use a proxy, check the configured addresses.",
  },
  407: {
    type: "config_error",
    message:
      "The proxy between here and Dixa wants a user and a password (407). Put them into HTTPS_PROXY and HTTP_PROXY: " +
      "http://user:password@proxy.example.com:3128.",
  },
  451: {
    type: "config_error",
    message: "Dixa may not give this out for legal reasons (451). Ask a Dixa admin.",
  },
} satisfies Readonly<Record<number, { type: FailureType; message: string }>>;

/** Statuses below 500 that heal by waiting: a request that took too long or came too early, too many of them. */
const HEALING: ReadonlySet<number> = new Set([408, 425, 429]);

/** Any error as one that is told to a person, in plain words; what is none of ours counts as a fault of the program. */
export function toConnectorError(error: unknown): ConnectorError {
  if (isConnectorError(error)) return error;
  if (isHttpStatusError(error)) return fromStatus(error);
  if (isNetworkError(error)) {
    if (isCertificateError(error)) return fromCertificate(error);
    const proxyStatus = /^ERR_PROXY_REFUSED_(\d+)$/.exec(error.code)?.[1];
    if (proxyStatus === "407")
      return new ConnectorError("config_error", MEANINGS[407].message, { cause: error });
    if (proxyStatus !== undefined) {
      return new ConnectorError(
        "config_error",
        `The proxy does not let this program through to Dixa (${proxyStatus}): ${error.message}. ` +
          "Ask whoever runs it, or name Dixa's hosts in NO_PROXY.",
        { cause: error },
      );
    }
    return new ConnectorError("transient_error", `Dixa can't be reached: ${error.message}`, { cause: error });
  }
  if (isBodyError(error)) {
    return new ConnectorError("transient_error", `Dixa's answer can't be read: ${error.message}`, {
      cause: error,
    });
  }
  if (isEnvironmentError(error))
    return new ConnectorError("config_error", `${error.message}.`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new ConnectorError("system_error", `Something unexpected went wrong: ${message}`, { cause: error });
}

function fromStatus(error: HttpStatusError): ConnectorError {
  const internalMessage = `${error.message}: ${error.bodyText}`;
  const meaning = (MEANINGS as Readonly<Record<number, { type: FailureType; message: string }>>)[
    error.status
  ];
  if (meaning !== undefined) {
    return new ConnectorError(meaning.type, meaning.message, { internalMessage, cause: error });
  }
  if (error.status < 500 && !HEALING.has(error.status)) {
    return new ConnectorError(
      "system_error",
      `Dixa refused the request (${error.status}). Asking again will not help; ` +
        "a newer version of this connector may, or a report of it.",
      { internalMessage, cause: error },
    );
  }
  return new ConnectorError(
    "transient_error",
    `Dixa keeps answering with status ${error.status}. It usually heals by itself; see status.dixa.io.`,
    { internalMessage, cause: error },
  );
}

function fromCertificate(error: NetworkError): ConnectorError {
  const remedy =
    error.code === "CERT_HAS_EXPIRED" || error.code === "CERT_NOT_YET_VALID"
      ? "Is this machine's clock right?"
      : "If a proxy or a firewall of your company opens TLS, put its CA's certificate (PEM) into a file and name the " +
        "file in NODE_EXTRA_CA_CERTS or SSL_CERT_FILE.";
  return new ConnectorError(
    "config_error",
    `The certificate that came in Dixa's place is not trusted: ${error.message}. ${remedy}`,
    { cause: error },
  );
}
