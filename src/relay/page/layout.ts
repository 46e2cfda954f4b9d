import { VERSION } from "../../version.ts";
import { SCRIPT_PATH, STYLE_PATH } from "./assets.ts";
import { type Html, html } from "./html.ts";

/** Seconds after which a browser without JavaScript loads the page anew. */
const RELOAD_S = 15;

export function statusPage(content: Html, csrf: string, message: string | undefined): string {
  return document(
    "Status",
    html`<script src="${SCRIPT_PATH}" defer></script>
      <noscript><meta http-equiv="refresh" content="${RELOAD_S}; url=/" /></noscript>`,
    html`<header class="top">
        <h1>dixa-relay</h1>
        <p id="status" role="status" aria-live="polite">${message}</p>
        <form method="post" action="/logout">
          <input type="hidden" name="csrf" value="${csrf}" />
          <button class="plain">Sign out</button>
        </form>
      </header>
      <main id="live">${content}</main>
      <footer>
        dixa-relay ${VERSION} · <a href="/openapi.json">API</a> · <a href="/metrics">metrics</a>
      </footer>`,
  );
}

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
