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
    ...[408, 425, 429, 500, 502, 503, 504, 418].map((code): [number, string, string] => [
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
