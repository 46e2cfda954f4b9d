import { type Html, html } from "./html.ts";

const WIDTH = 384;
const HEIGHT = 80;
/** Above the highest bar. */
const HEAD = 4;
/** A bar that stands for something can be seen. */
const LEAST = 2;

export interface BarChart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What is to be seen there, in words. */
  readonly description: string;
  /** From the left to the right; of each bar, its parts from the bottom to the top. */
  readonly bars: readonly (readonly { readonly value: number; readonly kind: "good" | "bad" | "plain" }[])[];
  /** The scale does not end below this, so that little does not look like a mountain. */
  readonly least: number;
  /** Below the left end, the middle, and the right end. */
  readonly captions: readonly [string, string, string];
}

/** Bars over time. Beside it stands a table of what it shows. */
export function barChart({ id, title, description, bars, least, captions }: BarChart): Html {
  const sums = bars.map((parts) => parts.reduce((sum, { value }) => sum + value, 0));
  const scale = (HEIGHT - HEAD) / Math.max(least, ...sums);
  const step = WIDTH / Math.max(1, bars.length);
  const drawn = bars.flatMap((parts, index) => {
    let bottom = HEIGHT;
    return parts.flatMap(({ value, kind }) => {
      if (value <= 0) return [];
      const height = Math.max(LEAST, value * scale);
      bottom -= height;
      return html`<rect
        class="bar ${kind}"
        x="${round(index * step)}"
        y="${round(bottom)}"
        width="${round(step * 0.8)}"
        height="${round(height)}"
      />`;
    });
  });
  const [left, middle, right] = captions;
  return html`<figure class="chart">
    <p class="title">${title}</p>
    <svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-labelledby="${id}-title ${id}-text"
    >
      <title id="${id}-title">${title}</title>
      <desc id="${id}-text">${description}</desc>
      <line class="grid" x1="0" x2="${WIDTH}" y1="${HEAD}" y2="${HEAD}" />
      <line class="grid" x1="0" x2="${WIDTH}" y1="${(HEIGHT + HEAD) / 2}" y2="${(HEIGHT + HEAD) / 2}" />
      ${drawn}
      <line class="axis" x1="0" x2="${WIDTH}" y1="${HEIGHT - 0.5}" y2="${HEIGHT - 0.5}" />
    </svg>
    <figcaption><span>${left}</span><span>${middle}</span><span>${right}</span></figcaption>
  </figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
