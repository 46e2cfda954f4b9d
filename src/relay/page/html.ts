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

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
