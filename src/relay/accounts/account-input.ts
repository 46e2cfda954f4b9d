import { z } from "zod";

import { faultsOf } from "../config/issues.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { text } from "../config/scalars.ts";
import { type StoredSettings, storedSettingsSchema } from "../config/stored-settings.ts";
import { AccountProblem } from "./account-problem.ts";

const LONGEST = 200;

/** What no header can carry, and what nobody can see in a secret. */
const SECRET = /^[\x21-\x7e]{1,500}$/;

const nameSchema = text("must not be empty")
  .max(LONGEST, { error: `must have at most ${LONGEST} characters` })
  .regex(/^\P{Cc}*$/u, { error: "must not contain control characters" });

const DEFAULTS: Omit<StoredSettings, "name"> = { connections: "auto", events: ["all"], timings: {} };

/** What a person may choose; what is left out stays, or has its default. */
export interface SettingsInput {
  readonly name?: string | undefined;
  readonly connections?: StoredSettings["connections"] | undefined;
  readonly events?: StoredSettings["events"] | undefined;
  readonly timings?: Readonly<Record<string, string | number | undefined>> | undefined;
  /** Null: none. */
  readonly max_staleness?: string | null | undefined;
  readonly dixa_switch_on?: boolean | undefined;
}

/**
 * Checks what a person has chosen.
 *
 * @param known what it changes; undefined: it is for a new account
 * @throws AccountProblem that names each faulty field
 */
export function checkedSettings(
  input: SettingsInput,
  known: StoredSettings | undefined,
  config: RelayConfig,
): StoredSettings {
  const settings: StoredSettings = {
    name: typeof input.name === "string" ? input.name.trim() : (known?.name ?? ""),
    connections: input.connections ?? known?.connections ?? DEFAULTS.connections,
    events: input.events ?? known?.events ?? DEFAULTS.events,
    timings: given(input.timings) ?? known?.timings ?? DEFAULTS.timings,
    max_staleness:
      input.max_staleness === undefined ? known?.max_staleness : (input.max_staleness ?? undefined),
    dixa_switch_on: input.dixa_switch_on ?? known?.dixa_switch_on,
  };
  const parsed = storedSettingsSchema.extend({ name: nameSchema }).safeParse(settings);
  if (!parsed.success) throw new AccountProblem("invalid", faultsOf(parsed.error, settings).join(" "));
  const faults = config.timings.faultsOf(parsed.data.timings, config.airbyte.startTimeoutMs);
  if (faults.length > 0) throw new AccountProblem("conflict", faults.join(" "));
  return settings;
}

function given(timings: SettingsInput["timings"]): StoredSettings["timings"] | undefined {
  if (timings === undefined) return undefined;
  const entries = Object.entries(timings).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return Object.fromEntries(entries);
}

/** A secret or token as it was pasted, without the blanks around it. @throws AccountProblem */
export function checkedSecret(given: string, field: string): string {
  const secret = given.trim();
  if (SECRET.test(secret)) return secret;
  throw new AccountProblem(
    "invalid",
    `${field} is ${secret === "" ? "empty" : "not what Dixa shows"}: it has no spaces and nothing beyond ASCII, and at most 500 characters. Copy it once more.`,
  );
}

/** The same for one that may be left out. @throws AccountProblem */
export function optionalSecret(given: string | undefined, field: string): string | undefined {
  return given === undefined ? undefined : checkedSecret(given, field);
}

/** @throws AccountProblem */
export function checkedId(given: string): string {
  const parsed = z.uuid().toLowerCase().safeParse(given.trim());
  if (parsed.success) return parsed.data;
  throw new AccountProblem("invalid", "credential_id must be a UUID; leave it out to have one made.");
}
