import { z } from "zod";

/** What an answer other than 2xx says. */
export interface Problem {
  /** The name of the case, such as `state-conflict`; empty if the answer has none. */
  slug: string;
  /** Airbyte's own words for people, on one line; empty if there are none. */
  text: string;
  /** True if Airbyte itself has answered, false if it was a gateway, or nothing that can be recognised. */
  isAirbytes: boolean;
}

const LONGEST_TEXT = 300;

/** RFC 9457 members of the public API, and the older members of the Config API, which some installations put out. */
const bodySchema = z.looseObject({
  type: z.string().catch(""),
  title: z.string().catch(""),
  detail: z.string().catch(""),
  message: z.string().catch(""),
  data: z.looseObject({ message: z.string().catch("") }).catch({ message: "" }),
});

/** Members that the bodies of gateways don't have. `title` alone proves nothing. */
const AIRBYTES_MEMBER =
  /"(?:errorId|exceptionClassName|rootCauseExceptionClassName)"\s*:|"type"\s*:\s*"https:\/\/reference\.airbyte\.com/;

/** @param bodyText may be cut short: bodies of the Config API carry a stack trace */
export function parseProblem(bodyText: string): Problem {
  const isObject = bodyText.trimStart().startsWith("{");
  const isAirbytes = isObject && AIRBYTES_MEMBER.test(bodyText);
  const body = bodySchema.safeParse(parseJson(bodyText));
  if (!body.success) {
    const message = isObject ? /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(bodyText)?.[1] : undefined;
    return { slug: "", text: onOneLine(message ?? ""), isAirbytes };
  }
  const { type, title, detail, message, data } = body.data;
  const fragment = type.slice(type.indexOf("#") + 1).replace(/^\d+-/, "");
  return {
    slug: title === "" ? fragment : title,
    text: onOneLine(data.message || message || detail),
    isAirbytes,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function onOneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)}…` : line;
}

/** `409 try-again-later: A sync is already running for: …` */
export function describeProblem(status: number, { slug, text }: Problem): string {
  const head = slug === "" ? String(status) : `${status} ${slug}`;
  return text === "" ? head : `${head}: ${text}`;
}
