import { type OwedReason } from "../store/owed.ts";

/** Why a sync is owed that no event asks for, in words. */
export const WHY_OWED: Readonly<Record<OwedReason, string>> = {
  outage: "no relay was listening",
  refused: "webhooks were refused, because the store could not keep them or they could not be checked yet",
  deliveries: "Dixa tells of deliveries that failed",
  switched_off: "its webhook in Dixa was switched off",
  stale: "nothing has come for as long as max_staleness allows",
};
