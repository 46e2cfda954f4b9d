import { type Html, html } from "./html.ts";

/**
 * Links to the page before and the page behind.
 *
 * @param address what the page's number is put behind: `/?`, or `/?q=dixa&`
 */
export function pager(
  { page, pages }: { readonly page: number; readonly pages: number },
  label: string,
  address: string,
): Html | false {
  if (pages <= 1) return false;
  const link = (to: number, words: string) => html`<a href="${address}page=${to}">${words}</a>`;
  return html`<nav class="pager" aria-label="${label}">
    ${page > 1 && link(page - 1, "Previous")} <span>Page ${page} of ${pages}</span>
    ${page < pages && link(page + 1, "Next")}
  </nav>`;
}
