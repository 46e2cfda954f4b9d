/** What a key may be to be shown in a message: a number or a UUID, nothing that could be about a person. */
const SHOWABLE = /^"?[\w-]{1,40}"?$/;

/** @param text the key as JSON */
export function shownKey(text: string): string {
  return SHOWABLE.test(text) ? text.replaceAll('"', "") : "of another form";
}
