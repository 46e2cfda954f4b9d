/** What can go wrong with a request. `code` is stable; `message` names method and URL, and holds no secret. */
export class HttpError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The peer answered with a status other than 2xx. */
export class HttpStatusError extends HttpError {
  override readonly name = "HttpStatusError";
  readonly status: number;
  /** The first 4 KiB of the answer's body. */
  readonly bodyText: string;
  /** How long the peer asks to wait, ms; undefined if it doesn't say. */
  readonly retryAfterMs: number | undefined;
  /** The answer's `Date` header, ms UTC. */
  readonly date: number | undefined;

  constructor(
    request: string,
    answer: {
      status: number;
      bodyText: string;
      retryAfterMs?: number | undefined;
      date?: number | undefined;
    },
  ) {
    super("ERR_HTTP_STATUS", `${request} answered ${answer.status}`);
    this.status = answer.status;
    this.bodyText = answer.bodyText;
    this.retryAfterMs = answer.retryAfterMs;
    this.date = answer.date;
  }
}

/** No answer came: the name is unknown, the connection was refused or reset, or the headers took too long. */
export class NetworkError extends HttpError {
  override readonly name = "NetworkError";
  /** True if a connection that was kept alive turned out to be closed, which is nobody's fault. */
  readonly wasStale: boolean;

  constructor(code: string, message: string, options: ErrorOptions & { wasStale?: boolean } = {}) {
    super(code, message, options);
    this.wasStale = options.wasStale ?? false;
  }
}

/**
 * An answer began well and its body is not usable: it broke off (`truncated`), no byte came for too long
 * (`stalled`), it is not what it should be (`malformed`), or one of its rows does not fit into memory (`too_large`). Or
 * it is one of many pages that can't be followed to their end (`paging`).
 */
export class BodyError extends HttpError {
  override readonly name = "BodyError";
  readonly reason: "truncated" | "stalled" | "malformed" | "too_large" | "paging";

  constructor(reason: BodyError["reason"], message: string, options?: ErrorOptions) {
    super(`ERR_BODY_${reason.toUpperCase()}`, message, options);
    this.reason = reason;
  }
}

/** An environment variable says something that can't be used. */
export class EnvironmentError extends HttpError {
  override readonly name = "EnvironmentError";
}

// By name and not by `instanceof`: jest runs each test file in a realm of its own.

export function isHttpStatusError(error: unknown): error is HttpStatusError {
  return error instanceof Error && error.name === "HttpStatusError";
}

export function isNetworkError(error: unknown): error is NetworkError {
  return error instanceof Error && error.name === "NetworkError";
}

export function isBodyError(error: unknown): error is BodyError {
  return error instanceof Error && error.name === "BodyError";
}

export function isEnvironmentError(error: unknown): error is EnvironmentError {
  return error instanceof Error && error.name === "EnvironmentError";
}

/** What OpenSSL and Node find wrong with a certificate. It does not heal by trying again. */
const CERTIFICATE_CODE =
  /^(?:CERT_|CRL_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF)|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT|ERR_TLS_CERT_)/;

/** Whether the peer's certificate is not accepted. */
export function isCertificateError(error: unknown): boolean {
  return isNetworkError(error) && CERTIFICATE_CODE.test(error.code);
}
