import { formatDuration } from "../config/scalars.ts";
import { type Html, html } from "./html.ts";
import { type Sample } from "./pending-history.ts";

const WIDTH = 320;
const HEIGHT = 64;
const SPAN_MS = 1_800_000;
/** The scale does not shrink below this, so that a few seconds don't look like a mountain. ms */
const LEAST_SCALE_MS = 60_000;

/** How old the oldest unsynced event was over the last half hour, as a small area chart. */
export function pendingChart(samples: readonly Sample[], now: number): Html {
  const shown = samples.filter(({ at }) => at > now - SPAN_MS);
  const most = Math.max(0, ...shown.map(({ age }) => age));
  const scale = Math.max(LEAST_SCALE_MS, most);
  const x = (at: number) => round(WIDTH * (1 - (now - at) / SPAN_MS));
  const y = (age: number) => round(HEIGHT - 1 - (HEIGHT - 6) * (age / scale));
  const points = shown.map(({ at, age }) => `${x(at)},${y(age)}`);
  const [first] = shown;
  const last = shown.at(-1);
  const rounded = formatDuration(Math.round(most / 1000) * 1000);
  const label = `Age of the oldest unsynced event over the last 30 minutes: at most ${rounded}`;
  return html`<figure class="chart">
    <p class="title">Age of the oldest unsynced event</p>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
      <line class="grid" x1="0" x2="${WIDTH}" y1="${y(scale)}" y2="${y(scale)}" />
      <line class="grid" x1="0" x2="${WIDTH}" y1="${y(scale / 2)}" y2="${y(scale / 2)}" />
      <line class="axis" x1="0" x2="${WIDTH}" y1="${HEIGHT - 1}" y2="${HEIGHT - 1}" />
      ${
        first !== undefined &&
        last !== undefined &&
        html`<polygon
            class="area"
            points="${x(first.at)},${HEIGHT - 1} ${points.join(" ")} ${x(last.at)},${HEIGHT - 1}"
          />
          <polyline class="line" points="${points.join(" ")}" />`
      }
    </svg>
    <figcaption>
      <span>30 min ago</span><span>${most === 0 ? "all synced" : `at most ${rounded}`}</span><span>now</span>
    </figcaption>
  </figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
