import { z } from "zod";

import { errorSchema } from "./errors.ts";
import { type Parameter } from "./operation.ts";

/** What several operations say of themselves. */

export const error = (description: string) => ({ description, schema: errorSchema });

export const COMMON = {
  401: error("The admin token is missing or wrong."),
  503: { ...error("The store can't be reached."), headers: { "Retry-After": "Seconds to wait." } },
};

export const credentialId: Parameter = {
  name: "credentialId",
  in: "path",
  description: "The id of a credential.",
  schema: z.uuid(),
};
