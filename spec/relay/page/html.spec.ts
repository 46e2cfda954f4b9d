import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { html } from "../../../src/relay/page/html.ts";

test("what is put into HTML is escaped, unless it is HTML itself", () => {
  const inner = html`<b>${"<i>"}</b>`;
  expect(html`<p title="${"\"x\" & 'y'"}">${inner}${[inner, inner]}${1}</p>`.html).toBe(
    '<p title="&quot;x&quot; &amp; &#39;y&#39;"><b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>1</p>',
  );
});

test("what isn't there leaves nothing", () => {
  expect(html`a${undefined}b${null}c${false}d${""}e${[]}`.html).toBe("abcde");
});

test("what is not printed, or turns its neighbours around, is shown as unreadable", () => {
  expect(html`a${"\0\u001b\r\u202e\u2066"}b${"\n\tمرحبا"}c`.html).toBe(
    "a\ufffd\ufffd\ufffd\ufffd\ufffdb\n\tمرحباc",
  );
});

test("no text can leave its place", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(html`${text}`.html).not.toMatch(/[<>"']/);
    }),
  );
});
