import { type AccountProblem } from "../accounts/account-problem.ts";

/** What is wrong with a form, by the field that it belongs to; `form`: to none of them. */
export type FormFaults = Readonly<
  Partial<Record<"name" | "token" | "secret" | "staleness" | "form", string>>
>;

/** Beside which field a refusal is told. What Dixa says is about the token that it was asked with. */
export function faultsOf({ kind, message }: AccountProblem): FormFaults {
  if (kind === "refused" || kind === "unanswered") return { token: message };
  if (kind !== "invalid") return { form: message };
  if (/^name\b/.test(message)) return { name: message };
  if (message.startsWith("webhook_secret"))
    return { secret: message.replace("webhook_secret", "The secret") };
  if (message.startsWith("dixa_token")) return { token: message.replace("dixa_token", "The token") };
  if (message.startsWith("max_staleness")) return { staleness: message.replace("max_staleness", "It") };
  return { form: message };
}
