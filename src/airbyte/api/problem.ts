import { z } from "zod";

/** What an answer other than 2xx says. */
export interface Problem {
  /** The name of the case, such as `state-conflict`; empty if the answer has none. */
  slug: string;
  /** Airbyte's own words for people, on one line; empty if there are none. */
  text: string;
  /**
   * True if Airbyte itself says that it doesn't know what was asked for. A proxy in front of it answers 404 as well,
   * while its backend is being replaced, and then says nothing of what exists.
   */
  isNotFound: boolean;
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

/**
 * @param status Airbyte's own default for what it doesn't know is 400; most of its code says 404 instead
 * @param bodyText may be cut short: bodies of the Config API carry a stack trace
 */
export function parseProblem(status: number, bodyText: string): Problem {
  const isObject = bodyText.trimStart().startsWith("{");
  const isAirbytes = isObject && AIRBYTES_MEMBER.test(bodyText);
  const body = bodySchema.safeParse(parseJson(bodyText));
  if (!body.success) {
    const message = isObject ? /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(bodyText)?.[1] : undefined;
    return { slug: "", text: onOneLine(message ?? ""), isNotFound: status === 404 && isAirbytes };
  }
  const { type, title, detail, message, data } = body.data;
  const fragment = type.slice(type.indexOf("#") + 1).replace(/^\d+-/, "");
  const slug = title === "" ? fragment : title;
  const isNotFound = isAirbytes && (status === 404 || slug === "resource-not-found");
  return { slug, text: onOneLine(data.message || message || detail), isNotFound };
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
