import { VERSION } from "../../version.ts";
import { SCRIPT_PATH, STYLE_PATH } from "./assets.ts";
import { type Html, html } from "./html.ts";

/** Seconds after which a browser without JavaScript loads the page anew. */
const RELOAD_S = 15;

export interface StatusPage {
  readonly title: string;
  /** What is not renewed while one looks at it. */
  readonly head: Html | undefined;
  /** What is. */
  readonly live: Html;
  /** Where the live part is fetched anew. */
  readonly source: string;
  readonly csrf: string;
  readonly message: string | undefined;
  /** What a browser without JavaScript loads after a while; undefined: nothing. */
  readonly reload: string | undefined;
}

/** A page for somebody who has signed in. */
export function statusPage({ title, head, live, source, csrf, message, reload }: StatusPage): string {
  return document(
    title,
    html`<script src="${SCRIPT_PATH}" defer></script>
      ${
        reload !== undefined &&
        html`<noscript><meta http-equiv="refresh" content="${RELOAD_S}; url=${reload}" /></noscript>`
      }`,
    html`${top(csrf, message)}
      <main>
        ${head}
        <div id="live" data-source="${source}">${live}</div>
      </main>
      ${FOOTER}`,
  );
}

/** A form for somebody who has signed in: it stays as it is while one types. */
export function formPage(title: string, content: Html, csrf: string, message?: string): string {
  return document(
    title,
    html``,
    html`${top(csrf, message)}
      <main>${content}</main>
      ${FOOTER}`,
  );
}

function top(csrf: string, message: string | undefined): Html {
  return html`<header class="top">
    <h1><a href="/">dixa-relay</a></h1>
    <a class="button" href="/accounts/new">Add account</a>
    <p id="status" role="status" aria-live="polite">${message}</p>
    <form method="post" action="/logout">
      <input type="hidden" name="csrf" value="${csrf}" />
      <button class="plain">Sign out</button>
    </form>
  </header>`;
}

const FOOTER = html`<footer>
  dixa-relay ${VERSION} · <a href="/openapi.json">API</a> · <a href="/metrics">metrics</a>
</footer>`;

export function loginPage(message: string | undefined): string {
  return document(
    "Sign in",
    html``,
    html`<main class="login">
      <h1>dixa-relay</h1>
      <form method="post" action="/login">
        <input type="text" name="username" value="admin" autocomplete="username" hidden />
        <label for="token">Admin token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          autofocus
          autocomplete="current-password"
          aria-describedby="token-help"
        />
        ${message !== undefined && html`<p class="bad" role="alert">${message}</p>`}
        <p id="token-help" class="empty">
          The value of <code>admin_token</code> in the relay's configuration.
        </p>
        <button class="primary">Sign in</button>
      </form>
    </main>`,
  );
}

export function messagePage(title: string, message: string): string {
  return document(
    title,
    html``,
    html`<main class="login">
      <h1>${title}</h1>
      <p>${message}</p>
      <p><a href="/">Back to the status page</a></p>
    </main>`,
  );
}

function document(title: string, head: Html, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – dixa-relay</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${STYLE_PATH}" />
        ${head}
      </head>
      <body>
        ${body}
      </body>
    </html>`.html;
}
