/** What moves a terminal's cursor, colours it, ends a line or turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text in one line, as it is but for what a terminal would act on: names come from whoever may name things in Airbyte. */
export function printable(text: string): string {
  return text.replaceAll(
    UNPRINTABLE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
