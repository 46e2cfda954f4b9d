import { mkdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Browser } from "playwright-core";

import { type HistoryEntry } from "../../src/relay/store/history.ts";
import { launchBrowser } from "./browser.ts";
import { RelayUnderTest } from "./relay-under-test.ts";
import { Visit } from "./visit.ts";

/** All pages in all looks, for whoever wants to see them. */
const SHEETS = join(tmpdir(), "dixa-relay-pictures");
/** `PICTURES=docs npm run test:page` makes the guide's pictures anew. */
const FOLDER = process.env["PICTURES"] ?? SHEETS;
/** A picture of the guide weighs no more. */
const LARGEST_BYTES = 160_000;
const SECRET_KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const INTERVAL_MS = 300_000;
const NAMES = ["Dixa EU", "Dixa US", "Dixa APAC", ...Array.from({ length: 40 }, (_, n) => `Brand ${n + 1}`)];

let browser: Browser;
let relay: RelayUnderTest;
/** Accounts by their name. */
const ids = new Map<string, string>();

function idOf(name: string): string {
  return ids.get(name) ?? "";
}

/** A day of a shop: quiet at night, and an hour in which a sync failed. */
function day(now: number): HistoryEntry[] {
  return Array.from({ length: 288 }, (_, index) => {
    const hour = (index / 12 + 14) % 24;
    const isOpen = hour > 7 && hour < 21;
    const wave = Math.sin(((hour - 7) / 14) * Math.PI);
    const events = isOpen
      ? Math.round(80 * wave * (0.7 + ((index * 37) % 60) / 100))
      : index % 9 === 0
        ? 1
        : 0;
    const isBroken = index > 140 && index < 150;
    return {
      at: now - (287 - index) * INTERVAL_MS,
      // The last interval has just begun.
      events: index === 287 ? Math.round(events / 5) : events,
      syncs: events > 0 && !isBroken ? 1 : 0,
      failures: isBroken && index % 4 === 0 ? 1 : 0,
      lagMs:
        events > 0 && !isBroken ? 45_000 + ((index * 7919) % 60_000) + (index === 150 ? 1_500_000 : 0) : null,
    };
  });
}

beforeAll(async () => {
  await mkdir(SHEETS, { recursive: true });
  browser = await launchBrowser();
  relay = await RelayUnderTest.start({
    credentials: [],
    secretKey: SECRET_KEY,
    publicUrl: "https://relay.example.com",
  });
  for (const name of NAMES) {
    const { credential } = await relay.accounts.create({ name, webhookSecret: "0123456789abcdef" });
    ids.set(name, credential.id);
  }
  await relay.accounts.create({ name: "Brand without a secret" });
  relay.airbyte.status = "succeeded";
  relay.store.history = () => Promise.resolve(day(Date.now()));
  for (const [name, destination] of [
    ["Dixa EU", "Snowflake"],
    ["Dixa EU", "BigQuery"],
    ["Dixa US", "Snowflake"],
    ["Brand 7", "Snowflake"],
    ["Brand 9", "Snowflake"],
  ] as const) {
    await relay.addConnection(idOf(name), `${name} → ${destination}`);
  }
  const [parked] = await relay.store.connections(idOf("Brand 9"));
  await relay.store.apply(parked?.connectionId ?? "", { type: "park" });
  for (let n = 0; n < 6; n++) {
    await relay.store.accept([
      { credentialId: idOf("Dixa EU"), eventId: `e${n}`, eventType: "CONVERSATION_CLOSED" },
      { credentialId: idOf("Brand 7"), eventId: `e${n}`, eventType: "CONVERSATION_MESSAGE_ADDED" },
    ]);
  }
}, 60_000);

afterAll(async () => {
  await browser.close();
  await relay.stop();
});

const PAGES: readonly (readonly [name: string, path: () => string, text: string])[] = [
  ["list", () => "/", "Brand 9"],
  ["found", () => "/?q=brand+1", "Show all"],
  ["account", () => `/accounts/${idOf("Dixa EU")}`, "Dixa EU → BigQuery"],
  ["add", () => "/accounts/new", "Dixa API token"],
  ["setup", () => `/accounts/${idOf("Brand 7")}/setup`, "Succeeded"],
  ["change", () => `/accounts/${idOf("Dixa EU")}/manage`, "Rename"],
  ["remove", () => `/accounts/${idOf("Dixa EU")}/remove`, "Dixa EU → BigQuery"],
];

test.each([
  [1280, "light"],
  [1280, "dark"],
  [360, "light"],
  [360, "dark"],
] as const)(
  "all pages fit %i pixels, %s, and every field has its label",
  async (width, colorScheme) => {
    const visit = await Visit.signIn(browser, relay.url, { viewport: { width, height: 900 }, colorScheme });
    const { page } = visit;
    const ground = colorScheme === "dark" ? "rgb(17, 19, 26)" : "rgb(245, 246, 250)";
    for (const [name, path, text] of PAGES) {
      await page.goto(`${relay.url}${path()}`);
      await page.getByText(text).first().waitFor();
      expect([name, await visit.overflow()]).toEqual([name, 0]);
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(ground);
      for (const details of await page.locator("details").all()) await details.locator("summary").click();
      expect([name, await visit.overflow()]).toEqual([name, 0]);
      const unlabelled = await page.evaluate(
        `[...document.querySelectorAll("input:not([type=hidden])")].filter((input) => input.labels.length === 0).length`,
      );
      expect([name, unlabelled]).toEqual([name, 0]);
      await page.evaluate("scrollTo(0, 0)");
      await page.screenshot({
        path: join(SHEETS, `${name}-${width}-${colorScheme}.png`),
        fullPage: true,
      });
    }
    expect(visit.complaints).toEqual([]);
    await visit.end();
  },
  60_000,
);

test("the guide's pictures are small", async () => {
  const visit = await Visit.signIn(browser, relay.url, { viewport: { width: 800, height: 500 } });
  for (const [file, path, text] of [
    ["relay-setup.png", `/accounts/${idOf("Dixa APAC")}/setup`, "Waiting."],
    ["relay-account.png", `/accounts/${idOf("Dixa EU")}`, "The last 24 hours"],
  ] as const) {
    await visit.page.goto(`${relay.url}${path}`);
    await visit.page.getByText(text).first().waitFor();
    await visit.page.screenshot({ path: join(FOLDER, file), fullPage: true });
    expect((await stat(join(FOLDER, file))).size).toBeLessThan(LARGEST_BYTES);
  }
  await visit.end();
});
