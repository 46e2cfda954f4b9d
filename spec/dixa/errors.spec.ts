import { describe, expect, test } from "@jest/globals";

import { ConnectorError } from "../../src/airbyte/protocol/failure.ts";
import { toConnectorError } from "../../src/dixa/errors.ts";
import { BodyError, HttpStatusError, NetworkError } from "../../src/http/errors.ts";

const REQUEST = "GET https://exports.dixa.io/v1/conversation_export";
const status = (code: number) =>
  new HttpStatusError(REQUEST, { status: code, bodyText: '{"message":"raw answer"}' });

const MAKE_TOKEN =
  "Make one in Dixa under Settings > Integrations > API tokens, with “Dixa API” as the API version " +
  "(tokens of the old “Integrations API” do not work).";

const PROXY_WANTS_PASSWORD =
  "The proxy between here and Dixa wants a user and a password (407). Put them into HTTPS_PROXY and HTTP_PROXY: " +
  "http://user:password@proxy.example.com:3128.";
const failed = (code: string) => new NetworkError(code, `${REQUEST} failed: ${code}`);

describe("what ends a request is told in plain words, with what the platform shall do", () => {
  test.each([
    [
      400,
      "system_error",
      "Dixa refused the request as invalid (400). This is likely a fault of this connector; please report it.",
    ],
    [401, "config_error", `Dixa does not accept the API token (401). ${MAKE_TOKEN}`],
    [
      403,
      "config_error",
      `Dixa accepts the API token but gives it no right to read this (403). Ask a Dixa admin. ${MAKE_TOKEN}`,
    ],
    [
      404,
      "system_error",
      "Dixa does not know the address (404). If you use a proxy, check the configured addresses.",
    ],
    [
      402,
      "config_error",
      "Dixa wants a payment before it answers (402). Ask a Dixa admin about the account's plan.",
    ],
    [407, "config_error", PROXY_WANTS_PASSWORD],
    [451, "config_error", "Dixa may not give this out for legal reasons (451). Ask a Dixa admin."],
    ...[304, 405, 410, 418, 422].map((code): [number, string, string] => [
      code,
      "system_error",
      `Dixa refused the request (${code}). Asking again will not help; ` +
        "a newer version of this connector may, or a report of it.",
    ]),
    ...[408, 425, 429, 500, 502, 503, 504].map((code): [number, string, string] => [
      code,
      "transient_error",
      `Dixa keeps answering with status ${code}. It usually heals by itself; see status.dixa.io.`,
    ]),
  ])("status %i: %s", (code, failureType, message) => {
    const error = toConnectorError(status(code));
    expect(error).toMatchObject({ failureType, message });
    expect(error.internalMessage).toBe(`${REQUEST} answered ${code}: {"message":"raw answer"}`);
  });

  test.each([
    [
      "no connection",
      new NetworkError("ENOTFOUND", `${REQUEST} failed: ENOTFOUND`),
      "transient_error",
      `Dixa can't be reached: ${REQUEST} failed: ENOTFOUND`,
    ],
    ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN"].map(
      (code): [string, unknown, string, string] => [
        `a certificate of an unknown CA (${code})`,
        failed(code),
        "config_error",
        `The certificate that came in Dixa's place is not trusted: ${REQUEST} failed: ${code}. ` +
          "If a proxy or a firewall of your company opens TLS, put its CA's certificate (PEM) into a file and name the " +
          "file in NODE_EXTRA_CA_CERTS or SSL_CERT_FILE.",
      ],
    ),
    [
      "a certificate that is out of date",
      failed("CERT_HAS_EXPIRED"),
      "config_error",
      `The certificate that came in Dixa's place is not trusted: ${REQUEST} failed: CERT_HAS_EXPIRED. ` +
        "Is this machine's clock right?",
    ],
    ["a proxy that wants a password", failed("ERR_PROXY_REFUSED_407"), "config_error", PROXY_WANTS_PASSWORD],
    [
      "a proxy that refuses",
      failed("ERR_PROXY_REFUSED_403"),
      "config_error",
      `The proxy does not let this program through to Dixa (403): ${REQUEST} failed: ERR_PROXY_REFUSED_403. ` +
        "Ask whoever runs it, or name Dixa's hosts in NO_PROXY.",
    ],
    [
      "a body that broke off",
      new BodyError("truncated", `${REQUEST} broke off`),
      "transient_error",
      `Dixa's answer can't be read: ${REQUEST} broke off`,
    ],
    [
      "a mistake of ours",
      new TypeError("x is not a function"),
      "system_error",
      "Something unexpected went wrong: x is not a function",
    ],
    ["something that is no error", "text", "system_error", "Something unexpected went wrong: text"],
  ])("%s", (_, cause, failureType, message) => {
    expect(toConnectorError(cause)).toMatchObject({ failureType, message, cause });
  });

  test("what is told already stays as it is", () => {
    const error = new ConnectorError("config_error", "said");
    expect(toConnectorError(error)).toBe(error);
  });
});
