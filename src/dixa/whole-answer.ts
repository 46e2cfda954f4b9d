import { BodyError } from "../http/errors.ts";
import { type HttpResponse } from "../http/request.ts";

/**
 * Dixa's documents know one status for an answer with rows. Any other good one (204 without a body, 202 for later, 206
 * for a part) is no proof that its rows are all.
 *
 * @throws BodyError
 */
export function expectWhole({ status }: HttpResponse): void {
  if (status !== 200) throw new BodyError("malformed", `the answer is ${status}, not 200`);
}
