/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Value = Html | readonly Html[] | string | number | undefined | null | false;

/** HTML from a template; whatever is put into it is escaped, unless it is Html itself. Attributes need their quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return {
    html: parts.reduce((text, part, index) => text + render(values[index - 1]) + part),
  };
}

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escape(String(value));
  if ("html" in value) return value.html;
  return value.map((item) => item.html).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What no page may hold, and what would turn around the text beside it. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g;

function escape(text: string): string {
  return text
    .replaceAll(UNPRINTABLE, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
