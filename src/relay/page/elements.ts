import { type Html, html } from "./html.ts";

/** What each form brings along, so that no other site can send it. */
export function actionToken(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}" />`;
}

export function actionForm(
  path: string,
  label: string,
  csrf: string,
  description: string,
  kind = "plain",
): Html {
  return html`<form method="post" action="${path}">
    ${actionToken(csrf)}
    <button class="${kind}" aria-label="${description}">${label}</button>
  </form>`;
}

/**
 * An instant; the page's script turns it into "3 min ago" (`ago`) or adds the viewer's own time (`clock`) and keeps it
 * right.
 */
export function time(at: number, now: number, form: "ago" | "clock" = "ago"): Html {
  const iso = new Date(at).toISOString();
  const isToday = iso.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  const text = isToday ? `${iso.slice(11, 19)} UTC` : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  return html`<time datetime="${iso}" data-form="${form}" title="${iso}">${text}</time>`;
}
