import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Browser, type BrowserContextOptions, type Page } from "playwright-core";

import { type DixaSimulator, POWERLESS_TOKEN, startDixaSimulator } from "../simulators/dixa/index.ts";
import { launchBrowser } from "./browser.ts";
import { RelayUnderTest } from "./relay-under-test.ts";
import { Visit } from "./visit.ts";

const SECRET_KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const NAME = 'Dixa <b>"EU"</b>';

let browser: Browser;
let dixa: DixaSimulator;
let relay: RelayUnderTest;
let visit: Visit;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  dixa = await startDixaSimulator({ conversations: 5, limits: false });
});

afterEach(async () => {
  await visit.end();
  await relay.stop();
  await dixa.close();
});

/** At the form for a new account. */
async function openForm(options: BrowserContextOptions = {}): Promise<Page> {
  relay = await RelayUnderTest.start({ credentials: [], secretKey: SECRET_KEY, dixaApiUrl: dixa.apiUrl });
  visit = await Visit.signIn(browser, relay.url, options);
  const { page } = visit;
  await page.getByRole("link", { name: "Add account" }).click();
  await page.getByRole("heading", { name: "Add a Dixa account" }).waitFor();
  return page;
}

/** The form filled in and sent, and the page behind it. */
async function add(page: Page, token = dixa.token): Promise<string> {
  await page.getByLabel("Name", { exact: true }).fill(NAME);
  await page.getByLabel("Dixa API token").fill(token);
  await page.getByRole("button", { name: "Add account" }).click();
  await page.getByRole("heading", { name: `${NAME}: set-up` }).waitFor();
  return /\/accounts\/([0-9a-f-]{36})\/setup/.exec(page.url())?.[1] ?? "";
}

/** A step of the set-up that is done. */
function done(page: Page, title: string) {
  return page.locator("li.done").getByRole("heading", { name: `${title} (done)` });
}

/** As a browser without JavaScript does by itself after a while. */
async function reloadUntil(page: Page, title: string): Promise<void> {
  for (let time = 0; time < 40 && (await done(page, title).count()) === 0; time++) {
    await page.reload();
    await page.waitForTimeout(100);
  }
  await done(page, title).waitFor();
}

/** What can be read of a secret in the page, its address, and what the browser keeps. */
async function traces(page: Page, secrets: readonly string[]): Promise<string[]> {
  const { cookies, origins } = await page.context().storageState();
  const text = `${await page.content()} ${page.url()} ${JSON.stringify([cookies, origins])}`;
  return secrets.filter((secret) => text.includes(secret));
}

function secretsOfDixa(): string[] {
  return [dixa.token, ...dixa.subscriptions.list().map(({ secretKey }) => secretKey)];
}

describe("with a token", () => {
  test("the relay makes the webhook, shows the id to copy, and ticks each step when it has happened", async () => {
    const page = await openForm();
    const id = await add(page);
    expect(dixa.subscriptions.list()).toMatchObject([
      { url: `${relay.url}/webhooks/dixa/${id}`, enabled: true },
    ]);
    expect(await page.locator("code.copy").allTextContents()).toEqual([
      `${relay.url}/webhooks/dixa/${id}`,
      id,
    ]);
    await done(page, "Webhook").waitFor();
    expect(await done(page, "Airbyte").count()).toBe(0);
    await page.evaluate("window.isStillHere = true");

    await page.getByRole("button", { name: "Look for connections of this account now" }).click();
    await page.getByText("Airbyte is being asked").waitFor();
    await relay.addConnection(id, "Dixa → Snowflake");
    await done(page, "Airbyte").waitFor();
    const [delivery] = await dixa.control.closeConversation(dixa.control.conversationId(0)).delivered;
    expect(delivery?.deliveryDetail.responseCode).toBe(202);
    await done(page, "First event").waitFor();
    relay.airbyte.status = "succeeded";
    await done(page, "First sync").waitFor();
    expect(await page.evaluate("window.isStillHere")).toBe(true);
    expect(await traces(page, secretsOfDixa())).toEqual([]);
    await page.goBack();
    await page.getByLabel("Dixa API token").waitFor();
    expect(await page.getByLabel("Dixa API token").inputValue()).toBe("");
    expect(await traces(page, secretsOfDixa())).toEqual([]);
    expect(visit.complaints).toEqual([]);
  });

  test("the keyboard is enough", async () => {
    const page = await openForm();
    const focused = () => page.evaluate("document.activeElement.id || document.activeElement.textContent");
    const tabTo = async (wanted: string) => {
      for (let time = 0; time < 20 && String(await focused()).trim() !== wanted; time++)
        await page.keyboard.press("Tab");
      expect(String(await focused()).trim()).toBe(wanted);
    };
    await tabTo("name");
    await page.keyboard.type(NAME);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("token");
    await page.keyboard.type(dixa.token);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("keep");
    await page.keyboard.press("Space");
    await tabTo("Add account");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `${NAME}: set-up` }).waitFor();
    expect(relay.accounts.list()).toMatchObject([{ name: NAME, dixaApiToken: dixa.token }]);
    expect(await traces(page, secretsOfDixa())).toEqual([]);
  });

  test("JavaScript is not needed", async () => {
    const page = await openForm({ javaScriptEnabled: false });
    const id = await add(page);
    expect(await page.locator('meta[http-equiv="refresh"]').getAttribute("content")).toBe(
      `15; url=/accounts/${id}/setup`,
    );
    await dixa.control.closeConversation(dixa.control.conversationId(0)).delivered;
    await reloadUntil(page, "First event");
    await relay.addConnection(id, "Dixa → Snowflake");
    relay.airbyte.status = "succeeded";
    await reloadUntil(page, "First sync");
    expect(await traces(page, secretsOfDixa())).toEqual([]);
  });

  test.each([
    ["that is wrong", "wrong-token-0123456789", /token/i],
    ["without an admin's rights", POWERLESS_TOKEN, /right|permission|may not/i],
  ])("one %s is told beside the field, and only the token is to be typed again", async (_, token, words) => {
    const page = await openForm();
    await page.getByLabel("Name", { exact: true }).fill(NAME);
    await page.getByLabel("Dixa API token").fill(token);
    await page.getByLabel(/^Keep the token/).check();
    await page.getByRole("button", { name: "Add account" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toMatch(words);
    expect(await page.getByLabel("Dixa API token").getAttribute("aria-describedby")).toContain("token-error");
    expect(await page.getByLabel("Dixa API token").inputValue()).toBe("");
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe(NAME);
    expect(await page.getByLabel(/^Keep the token/).isChecked()).toBe(true);
    expect(await traces(page, [token])).toEqual([]);
    expect(relay.accounts.list()).toEqual([]);
    await page.getByLabel("Dixa API token").fill(dixa.token);
    await page.getByRole("button", { name: "Add account" }).click();
    await page.getByRole("heading", { name: `${NAME}: set-up` }).waitFor();
    expect(relay.accounts.list()).toHaveLength(1);
  });
});

describe("by hand", () => {
  test("the form shows what to type into Dixa, and the secret may come with it", async () => {
    const page = await openForm();
    await page.reload();
    await page.getByText("I have no token: make the webhook by hand").click();
    const url = (await page.locator("code.copy").first().textContent()) ?? "";
    const events = await page.locator("dd.events code").allTextContents();
    expect(events).toContain("ConversationClosed");
    expect(events).not.toContain("TypingStarted");
    const webhook = dixa.subscriptions.create({
      name: "dixa-relay",
      url,
      authorization: { _type: "NoAuth" },
      events,
    });
    if (typeof webhook === "string") throw new Error(webhook);
    await page.getByLabel("Name", { exact: true }).fill(NAME);
    await page.getByLabel("Webhook secret").fill(webhook.secretKey);
    await page.getByRole("button", { name: "Add account" }).click();
    await done(page, "Webhook").waitFor();
    await dixa.control.closeConversation(dixa.control.conversationId(0)).delivered;
    await done(page, "First event").waitFor();
    expect(await traces(page, secretsOfDixa())).toEqual([]);
    expect(visit.complaints).toEqual([]);
  });

  test("the secret may follow", async () => {
    const page = await openForm({ javaScriptEnabled: false });
    await page.getByLabel("Name", { exact: true }).fill(NAME);
    await page.getByRole("button", { name: "Add account" }).click();
    await page.getByRole("heading", { name: `${NAME} needs its webhook’s secret` }).waitFor();
    expect(await done(page, "Webhook").count()).toBe(0);
    await page.getByLabel("Webhook secret").fill("0123456789abcdef");
    await page.getByRole("button", { name: "Save secret" }).click();
    await done(page, "Webhook").waitFor();
    expect(await traces(page, ["0123456789abcdef"])).toEqual([]);
  });
});

describe("an account that is there", () => {
  async function change(page: Page, id: string): Promise<void> {
    await page.goto(`${relay.url}/accounts/${id}`);
    await page.getByRole("link", { name: "Change" }).click();
    await page.getByRole("heading", { name: /^Change / }).waitFor();
  }

  test("gets another name, and another secret without a gap", async () => {
    const page = await openForm();
    const id = await add(page);
    await change(page, id);
    await page.getByLabel("Name", { exact: true }).fill(" ");
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Dixa US");
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByText("Renamed.").waitFor();
    await page.getByRole("heading", { name: "Dixa US" }).waitFor();

    const [before] = dixa.subscriptions.list();
    await change(page, id);
    await page.getByLabel("Dixa API token").first().fill(dixa.token);
    await page.getByRole("button", { name: "Have Dixa use a new secret" }).click();
    await page.getByText("Dixa signs with a new secret.").waitFor();
    const [after] = dixa.subscriptions.list();
    expect(after?.secretKey).not.toBe(before?.secretKey);
    const [delivery] = await dixa.control.closeConversation(dixa.control.conversationId(0)).delivered;
    expect(delivery?.deliveryDetail.responseCode).toBe(202);
    expect(await traces(page, [...secretsOfDixa(), before?.secretKey ?? ""])).toEqual([]);
  });

  test.each([
    ["with JavaScript", true],
    ["without JavaScript", false],
  ])("is told by keyboard how it is synced and watched: %s", async (_, javaScriptEnabled) => {
    const page = await openForm({ javaScriptEnabled });
    await page.getByLabel(/^Keep the token/).check();
    const id = await add(page);
    await change(page, id);
    await page.getByLabel("A sync at least every").focus();
    await page.keyboard.type("soon");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("such as 500ms, 30s, 2m, 6h or 7d");
    const field = page.getByLabel("A sync at least every");
    expect(await field.inputValue()).toBe("soon");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    // The field has the focus.
    await page.keyboard.press("Control+A");
    await page.keyboard.type("6h");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Saved. All replicas know it within seconds.").waitFor();
    expect(relay.accounts.get(id)).toMatchObject({ maxStalenessMs: 6 * 3_600_000, switchesOn: true });
    await change(page, id);
    expect(await page.getByLabel("A sync at least every").inputValue()).toBe("6h");
    expect(await page.getByLabel(/^The relay may switch the webhook on/).isChecked()).toBe(true);
    expect(visit.complaints).toEqual([]);
  });

  test("is removed after it has been said what stops, with its webhook in Dixa", async () => {
    const page = await openForm({ javaScriptEnabled: false });
    const id = await add(page);
    await relay.addConnection(id, "Dixa → <i>Snowflake</i>");
    await change(page, id);
    await page.getByRole("link", { name: /^Remove/ }).click();
    await page.getByText("The relay stops to sync 1 connection.").waitFor();
    await page.getByText("Dixa → <i>Snowflake</i>").waitFor();
    await page.getByRole("link", { name: "Cancel" }).click();
    expect(relay.accounts.list()).toHaveLength(1);
    await page.getByRole("link", { name: /^Remove/ }).click();
    await page.getByLabel("Also take the webhook away in Dixa").check();
    await page.getByLabel("Dixa API token").fill("wrong-token-0123456789");
    await page.getByRole("button", { name: /^Remove/ }).click();
    await page.getByRole("alert").waitFor();
    expect(relay.accounts.list()).toHaveLength(1);
    await page.getByLabel("Also take the webhook away in Dixa").check();
    await page.getByLabel("Dixa API token").fill(dixa.token);
    await page.getByRole("button", { name: /^Remove/ }).click();
    await page.getByText("The account is removed.").waitFor();
    expect(relay.accounts.list()).toEqual([]);
    expect(dixa.subscriptions.list()).toEqual([]);
  });
});

test("without secret_key the page says what to do", async () => {
  relay = await RelayUnderTest.start({ credentials: [], dixaApiUrl: dixa.apiUrl });
  visit = await Visit.signIn(browser, relay.url);
  await visit.page.getByRole("link", { name: "Add account" }).click();
  await visit.page.getByText("openssl rand -hex 32").waitFor();
  expect(await visit.page.getByLabel("Dixa API token").count()).toBe(0);
});
