import fetch, { type Response } from "node-fetch";

/** Somebody who has signed in to the relay's page, by hand. Remembers all that the page has ever answered. */
export class PageClient {
  /** Each answer with its headers, by what was asked. */
  readonly answers: Record<string, string> = {};
  readonly #url: string;
  /** What the browser would send. */
  cookie = "";
  /** What the page's forms carry. */
  csrf = "";

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws Error when the token is not taken */
  async signIn(token: string): Promise<void> {
    const response = await this.post("/login", { token });
    this.cookie = response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
    this.csrf = /name="csrf" value="([^"]+)"/.exec(await this.get("/"))?.[1] ?? "";
    if (this.csrf === "") throw new Error(`the page does not let anybody in (${response.status})`);
  }

  async get(path: string): Promise<string> {
    const response = await fetch(`${this.#url}${path}`, { headers: { cookie: this.cookie } });
    return this.#keep(`GET ${path}`, response);
  }

  /** Sends a form as the page would. */
  async post(path: string, form: Record<string, string>): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { cookie: this.cookie },
      body: new URLSearchParams({ csrf: this.csrf, ...form }),
      redirect: "manual",
    });
    await this.#keep(`POST ${path}`, response);
    return response;
  }

  async #keep(what: string, response: Response): Promise<string> {
    const text = await response.text();
    const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
    const number = Object.keys(this.answers).length;
    this.answers[`${number} ${what} → ${response.status}`] = `${JSON.stringify(headers)}\n${text}`;
    return text;
  }
}
