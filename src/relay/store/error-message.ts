/** What an error says. By its form and not by `instanceof`: jest runs each test file in a realm of its own. */
export function messageOf(error: unknown): string {
  const isNamed = typeof error === "object" && error !== null && "message" in error;
  return isNamed && typeof error.message === "string" ? error.message : String(error);
}
