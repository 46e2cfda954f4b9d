import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Browser } from "playwright-core";

import { htmlReport } from "../demos/source/html-report.ts";
import { launchBrowser } from "./browser.ts";

const DAYS = Array.from({ length: 21 }, (_, index) => ({
  day: new Date(Date.UTC(2026, 10, 1 + index)).toISOString().slice(0, 10),
  replies: 40 + index,
  minutes: index % 7 === 6 ? null : 20 + ((index * 13) % 40),
  business_minutes: index % 7 === 6 ? null : 10 + ((index * 13) % 40),
  backlog: 300 + index * 3,
}));
const REPORT = htmlReport(
  {
    days: DAYS,
    agents: [
      { agent: "Grace Agent", replies: 549, conversations: 200 },
      { agent: '<b>Eve & "Mallory"</b>', replies: 12, conversations: 3 },
    ],
    scores: [5, 4, 3, 2, 1].map((score) => ({ score, ratings: score * 50 })),
    totals: {
      conversations: 8000,
      median_first_reply: 32,
      median_business_first_reply: 21,
      one_touch: 0.52,
      reopened: 0.08,
      satisfied: 0.78,
      ratings: 747,
    },
  },
  "A simulated account",
);

let browser: Browser;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dixa-report-"));
  await writeFile(join(folder, "report.html"), REPORT);
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

test.each([
  [1280, "light"],
  [1280, "dark"],
  [360, "light"],
  [360, "dark"],
] as const)("the report fits %i pixels, %s, and asks nobody for anything", async (width, colorScheme) => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(join(folder, "report.html")).href);
  expect(asked).toHaveLength(1);
  const overflow: unknown = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  expect(overflow).toBe(0);
  expect(await page.locator("svg .bar").count()).toBe(18);
  expect(await page.locator("svg .inner").count()).toBe(18);
  expect(await page.getByText("in business hours").count()).toBe(2);
  expect(await page.getByText(`<b>Eve & "Mallory"</b>`).count()).toBe(1);
  const ground: unknown = await page.evaluate("getComputedStyle(document.body).backgroundColor");
  expect(ground).toBe(colorScheme === "dark" ? "rgb(17, 19, 26)" : "rgb(245, 246, 250)");
  await page.close();
});

test("on paper the report is light and keeps its bars", async () => {
  const page = await browser.newPage({ viewport: { width: 794, height: 1123 }, colorScheme: "dark" });
  await page.goto(pathToFileURL(join(folder, "report.html")).href);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const ground: unknown = await page.evaluate("getComputedStyle(document.body).backgroundColor");
  expect(ground).toBe("rgb(255, 255, 255)");
  expect(await page.locator(".share i").first().isVisible()).toBe(true);
  await page.close();
});
