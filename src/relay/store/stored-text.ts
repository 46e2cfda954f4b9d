/**
 * A text as both databases keep it. PostgreSQL takes no NUL, and reads no JSON in which one half of a surrogate pair
 * stands, which a text has that was cut short.
 */
export function storedText(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** JSON whose members both databases can read. */
export function storedJson(value: object): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === "string" ? storedText(member) : member,
  );
}
