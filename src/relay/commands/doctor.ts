import fetch from "node-fetch";
import { type Argv } from "yargs";
import { z } from "zod";

import { AirbyteApi } from "../../airbyte/api/client.ts";
import { systemClock } from "../../http/clock.ts";
import { type SecretFilter } from "../../logging/secret-filter.ts";
import { VERSION } from "../../version.ts";
import { CurrentConfig } from "../accounts/current-config.ts";
import { openAccounts } from "../accounts/open-accounts.ts";
import { openSubscriptions } from "../accounts/open-subscriptions.ts";
import { isConfigError } from "../config/config-error.ts";
import { type LoadedConfig, loadRelayConfig } from "../config/load.ts";
import { openStore } from "../store/open.ts";
import { type CommandLine, configOption, EXIT_FAILED } from "./command-line.ts";
import { checkAirbyte, checkDixa, checkStore, type Finding } from "./doctor-checks.ts";

const ASK_TIMEOUT_MS = 4000;
const MARKS = { ok: "ok     ", warning: "warning", fault: "FAULT  " } as const;
const health = z.object({ status: z.string(), problems: z.array(z.string()).optional() });

export function addDoctorCommand(program: Argv, commandLine: CommandLine): void {
  program.command(
    "doctor",
    "Check configuration, store, Airbyte and Dixa. Exit status: 0 nothing is at fault, 1 something is",
    (args) =>
      args
        .option("config", configOption)
        .option("url", {
          type: "string",
          requiresArg: true,
          describe:
            "Address of the running relay. Default: RELAY_URL, or this machine at the configured port",
        })
        .option("json", { type: "boolean", default: false, describe: "Print JSON" }),
    ({ config, url, json }) =>
      commandLine.run(async () => {
        const findings = await diagnose(config, url, commandLine.secrets);
        const isWell = findings.every(({ state }) => state !== "fault");
        if (json) {
          const text = JSON.stringify({ ok: isWell, findings }, undefined, 2);
          for (const line of text.split("\n")) commandLine.print(line);
        } else {
          for (const { area, state, message } of findings) {
            commandLine.print(`${MARKS[state]} ${area.padEnd(13)} ${message.replaceAll(/\s*\n\s*/g, " ")}`);
          }
        }
        return isWell ? 0 : EXIT_FAILED;
      }),
  );
}

/** Looks at everything that a relay depends on. Changes nothing. */
async function diagnose(
  path: string | undefined,
  url: string | undefined,
  secrets: SecretFilter,
): Promise<Finding[]> {
  let loaded: LoadedConfig;
  try {
    loaded = loadRelayConfig({ path, env: process.env, secrets });
  } catch (error) {
    if (!isConfigError(error)) throw error;
    return [{ area: "configuration", state: "fault", message: error.message }];
  }
  const { config, warnings } = loaded;
  const current = new CurrentConfig(config);
  const clock = systemClock;
  const store = await checkStore(
    current,
    () =>
      openStore(config.store.kind === "postgres" ? config.store.url : config.store.path, {
        timingsOf: config.timingsOf,
        mayMigrate: false,
      }),
    async (opened) => {
      const { accounts } = openAccounts({
        current,
        store: opened,
        clock,
        hide: (values) => {
          secrets.hide(values);
        },
      });
      await accounts.look();
    },
    clock.now(),
  );
  const airbyte = new AirbyteApi({ ...config.airbyte, clock, userAgent: `dixa-relay/${VERSION}` });
  try {
    return [
      { area: "configuration", state: "ok", message: "It can be used." },
      ...warnings.map((message): Finding => ({ area: "configuration", state: "warning", message })),
      ...(await checkRelay(url ?? process.env["RELAY_URL"] ?? ownAddress(loaded))),
      ...store,
      ...(await checkAirbyte(current, airbyte)),
      ...(await checkDixa(
        current,
        ({ dixaApiToken: token = "", dixaApiUrl }) => openSubscriptions({ token, url: dixaApiUrl }, clock),
        clock,
      )),
    ];
  } finally {
    airbyte.close();
  }
}

/** Whether a relay answers, and what it says needs a person. */
async function checkRelay(url: string): Promise<Finding[]> {
  const area = "relay";
  try {
    const address = `${url.replace(/\/+$/, "")}/readyz`;
    const response = await fetch(address, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const { status, problems = [] } = health.parse(await response.json());
    if (!response.ok) {
      return [
        { area, state: "fault", message: `The relay at ${url} accepts no webhooks now: it is ${status}.` },
      ];
    }
    return [
      { area, state: "ok", message: `The relay at ${url} accepts webhooks.` },
      ...problems.map((message): Finding => ({ area, state: "fault", message })),
    ];
  } catch {
    const message = `No relay answers at ${url}. Start it, or give its address by --url.`;
    return [{ area, state: "warning", message }];
  }
}

function ownAddress({ config: { listen } }: LoadedConfig): string {
  return `http://127.0.0.1:${listen.port}`;
}
