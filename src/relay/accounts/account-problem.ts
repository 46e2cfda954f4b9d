/** Why a change of credentials was not made. */
export type AccountProblemKind =
  /** What was given can't be used. */
  | "invalid"
  | "not_found"
  /** It stands in the way of what there is, or of how the relay is configured. */
  | "conflict"
  /** Dixa has refused. Nothing has changed. */
  | "refused"
  /** Dixa did not answer, so it isn't known what it has done. */
  | "unanswered";

/** The message is for people: what is wrong, and what to do. It holds no secret. */
export class AccountProblem extends Error {
  override readonly name = "AccountProblem";
  readonly kind: AccountProblemKind;

  constructor(kind: AccountProblemKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isAccountProblem(error: unknown): error is AccountProblem {
  return error instanceof Error && error.name === "AccountProblem";
}
