import { createHash } from "node:crypto";

import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: string;
}

function versioned(name: string, extension: string, type: string, content: string): Asset {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return { path: `/assets/${name}-${hash}.${extension}`, type, content };
}

const style = versioned("page", "css", "text/css; charset=utf-8", STYLE);
const script = versioned("page", "js", "text/javascript; charset=utf-8", SCRIPT);

export const STYLE_PATH = style.path;
export const SCRIPT_PATH = script.path;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#4338ca"/><path d="M7 21c0-6 4-10 9-10m9 0c0 6-4 10-9 10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/><circle cx="7" cy="21" r="3" fill="#fbbf24"/><circle cx="25" cy="11" r="3" fill="#34d399"/></svg>`;

/** What the page loads besides itself. A changed asset has a changed path, so browsers may keep it for good. */
export const ASSETS: readonly Asset[] = [
  style,
  script,
  { path: "/favicon.svg", type: "image/svg+xml", content: ICON },
];
