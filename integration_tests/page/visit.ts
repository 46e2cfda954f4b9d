import { type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

import { ADMIN_TOKEN } from "./relay-under-test.ts";

/** Somebody who has signed in to the page, with a browser of their own. */
export class Visit {
  readonly page: Page;
  /** What the browser complains of: blocked by the policy, or broken. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("console", (message) => {
      // An answer that is not 2xx is no fault of the page.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  static async signIn(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(20_000);
    const visit = new Visit(context, await context.newPage());
    await visit.page.goto(url);
    await visit.page.getByLabel("Admin token").fill(ADMIN_TOKEN);
    await visit.page.keyboard.press("Enter");
    await visit.page.getByRole("button", { name: "Sign out" }).waitFor();
    return visit;
  }

  /** What of the page lies beyond the right edge of the screen, px. */
  async overflow(): Promise<number> {
    return Number(await this.page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  }

  async end(): Promise<void> {
    await this.#context.close();
  }
}
