import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

import { launchBrowser } from "./browser.ts";
import { ADMIN_TOKEN, CONNECTION, CREDENTIAL, RelayUnderTest } from "./relay-under-test.ts";

const NAME = 'Dixa → "Snowflake" <img src=x onerror=alert(1)>';

let browser: Browser;
let relay: RelayUnderTest;
let context: BrowserContext;
/** What the browser complains of: blocked by the policy, or broken. */
let complaints: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  relay = await RelayUnderTest.start();
  await relay.addConnection(CREDENTIAL, NAME, CONNECTION);
  complaints = [];
});

afterEach(async () => {
  await context.close();
  await relay.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(relay.url);
  return page;
}

async function signIn(page: Page, token = ADMIN_TOKEN): Promise<void> {
  await page.getByLabel("Admin token").fill(token);
  await page.keyboard.press("Enter");
}

async function openSignedIn(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await open(options);
  await signIn(page);
  await page.getByRole("heading", { name: "Dixa EU" }).waitFor();
  return page;
}

function connection(page: Page) {
  return page.locator(`#k-${CONNECTION}`);
}

async function parkReason(): Promise<string | undefined> {
  const phase = (await relay.store.connection(CONNECTION))?.state.phase;
  return phase?.name === "PARKED" ? phase.reason : undefined;
}

describe("the status page", () => {
  test("is shown to nobody without the admin token", async () => {
    const page = await open();
    expect(new URL(page.url()).pathname).toBe("/login");
    await signIn(page, "a-wrong-token-01234");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toBe("That is not the admin token.");
    expect(await context.cookies()).toEqual([]);
    await signIn(page);
    await page.getByRole("heading", { name: "Dixa EU" }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect(cookie?.value).not.toContain(ADMIN_TOKEN);
  });

  test("takes leave for good", async () => {
    const page = await openSignedIn();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/login");
    await page.goto(relay.url);
    expect(new URL(page.url()).pathname).toBe("/login");
  });

  test("follows an event to its sync, without being loaded anew", async () => {
    const page = await openSignedIn();
    await page.evaluate("window.isStillHere = true");
    await relay.deliver("e1");
    await page.getByText("CONVERSATION_CLOSED").waitFor();
    await connection(page).getByText("syncing since").waitFor();
    await connection(page).getByText("1 event not synced yet").waitFor();
    const job = page.getByRole("link", { name: "job 4701" }).first();
    expect(await job.getAttribute("href")).toBe(
      `https://airbyte.invalid/workspaces/871d9b60-11a9-44cb-8c63-a40eee16e4a0/connections/${CONNECTION}/timeline?jobId=4701&openLogs=true`,
    );
    relay.airbyte.status = "succeeded";
    await connection(page).getByText("up to date, synced").waitFor();
    await page.getByText("sync succeeded").waitFor();
    expect(await page.evaluate("window.isStillHere")).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("syncs, parks and unparks when told to", async () => {
    relay.airbyte.status = "succeeded";
    const page = await openSignedIn();
    await page.getByRole("button", { name: "Sync all connections of Dixa EU now" }).click();
    await page.getByText("A sync of all its connections has been asked for.").waitFor();
    await connection(page).getByText("up to date, synced").waitFor();
    await connection(page).getByRole("button", { name: "Park" }).click();
    await connection(page).getByText("parked: by hand").waitFor();
    expect(await parkReason()).toBe("held");
    await connection(page).getByRole("button", { name: "Unpark" }).click();
    await connection(page).getByText("up to date").first().waitFor();
    expect(await parkReason()).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  test("can be used by keyboard alone, and keeps its place while it renews itself", async () => {
    const page = await openSignedIn();
    const focused = () => page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''");
    for (let i = 0; i < 20 && !String(await focused()).startsWith("Park"); i++)
      await page.keyboard.press("Tab");
    expect(await focused()).toBe(`Park ${NAME}`);
    await page.keyboard.press("Enter");
    await connection(page).getByText("parked: by hand").waitFor();
    expect(await focused()).toBe(`Unpark ${NAME}`);
    await relay.deliver("e1");
    await page.getByText("CONVERSATION_CLOSED").waitFor();
    expect(await focused()).toBe(`Unpark ${NAME}`);
    await page.keyboard.press("Enter");
    await connection(page).getByText("syncing since").waitFor();
  });

  test("shows names as they are, whatever they hold", async () => {
    const page = await openSignedIn();
    expect(await connection(page).getByRole("link").textContent()).toBe(NAME);
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("says so when the relay is gone, and when it is back", async () => {
    const page = await openSignedIn();
    await context.setOffline(true);
    await page.getByText("The relay does not answer; what you see may be old.").waitFor();
    await context.setOffline(false);
    await page.getByText("Connected again.").waitFor();
  });
});

describe("on a phone", () => {
  test("nothing is wider than the screen, and every button is large enough for a finger", async () => {
    const page = await openSignedIn({
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
    });
    await relay.deliver("e1", "CONVERSATION_MESSAGE_DELIVERY_SPAM_COMPLAINT");
    await page.getByText("SPAM_COMPLAINT").waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    for (const button of await page.getByRole("button").all()) {
      expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    }
  });
});

describe("without JavaScript", () => {
  test("buttons work, and the page loads itself anew", async () => {
    const page = await openSignedIn({ javaScriptEnabled: false });
    expect(await page.locator('meta[http-equiv="refresh"]').getAttribute("content")).toBe("15; url=/");
    await connection(page).getByRole("button", { name: "Park" }).click();
    await page.getByText("Parked. What happens meanwhile is not forgotten.").waitFor();
    expect(await parkReason()).toBe("held");
  });
});

describe("another site", () => {
  /** A page of another origin whose form is sent at once. */
  async function attack(page: Page): Promise<void> {
    await page.route("https://evil.invalid/", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<form method="post" action="${relay.url}/page/connections/${CONNECTION}/park"></form>
          <script>document.forms[0].submit()</script>`,
      }),
    );
    await page.goto("https://evil.invalid/");
    await page.waitForURL(`${relay.url}/**`);
  }

  test("can't press the buttons of somebody who is signed in", async () => {
    const page = await openSignedIn();
    await attack(page);
    expect(await parkReason()).toBeUndefined();
  });

  test("can't do so either when the browser sends the cookie along", async () => {
    const page = await openSignedIn();
    const status = await page.evaluate(
      `fetch("/page/connections/${CONNECTION}/park", { method: "POST", body: new URLSearchParams({ csrf: "guess" }) })
        .then((response) => response.status)`,
    );
    expect(status).toBe(403);
    expect(await parkReason()).toBeUndefined();
  });

  test("can't show the page in a frame", async () => {
    const page = await openSignedIn();
    const response = await page.goto(relay.url);
    expect(response?.headers()).toMatchObject({
      "x-frame-options": "DENY",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
    });
  });
});

test("the page holds no inline code or style, which its policy forbids", async () => {
  const page = await openSignedIn();
  const html = (await page.content()).replaceAll(/<script src="[^"]+" defer=""><\/script>/g, "");
  expect(html).not.toMatch(/<script|<style|\sstyle=|\son\w+="/);
  expect(html).toContain(CREDENTIAL);
});
