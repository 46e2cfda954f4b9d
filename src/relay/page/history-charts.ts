import { formatDuration } from "../config/scalars.ts";
import { type AccountHistory, type Bin } from "./account-history.ts";
import { barChart } from "./bar-chart.ts";
import { time } from "./elements.ts";
import { type Html, html } from "./html.ts";

const MINUTE_MS = 60_000;
/** So many bins are a row of the table. */
const BINS_PER_ROW = 4;

/** Events, syncs and lag over the last day, as charts and as a table of hours. */
export function historyCharts({ bins, binMs }: AccountHistory, now: number): Html {
  const perMinute = ({ at, events }: Bin) =>
    events / (Math.max(MINUTE_MS, Math.min(binMs, now - at)) / MINUTE_MS);
  const sum = (key: "events" | "syncs" | "failures") => bins.reduce((total, bin) => total + bin[key], 0);
  const mostEvents = Math.max(0, ...bins.map(perMinute));
  const longest = Math.max(0, ...bins.map(({ lagMs }) => lagMs));
  const [events, syncs, failures] = [sum("events"), sum("syncs"), sum("failures")];
  const captions = (middle: string) => ["24 h ago", middle, "now"] as const;
  return html`<section class="card" aria-labelledby="history">
    <h2 id="history">The last 24 hours</h2>
    <div class="charts">
      ${barChart({
        id: "events",
        title: "Events a minute",
        description: `${number(events)} events in 24 hours, at most ${rate(mostEvents)} a minute.`,
        bars: bins.map((bin) => [{ value: perMinute(bin), kind: "plain" }]),
        least: 1,
        captions: captions(events === 0 ? "none" : `at most ${rate(mostEvents)}`),
      })}
      ${barChart({
        id: "syncs",
        title: "Syncs",
        description: `${number(syncs)} syncs succeeded and ${number(failures)} failed in 24 hours.`,
        bars: bins.map((bin) => [
          { value: bin.syncs, kind: "good" },
          { value: bin.failures, kind: "bad" },
        ]),
        least: 4,
        captions: captions(
          failures === 0 ? number(syncs) : `${number(syncs)}, and ${number(failures)} failed`,
        ),
      })}
      ${barChart({
        id: "lag",
        title: "Longest lag, from an event to the end of its sync",
        description: longest === 0 ? "No sync ended in 24 hours." : `At most ${span(longest)} in 24 hours.`,
        bars: bins.map((bin) => [{ value: bin.lagMs, kind: "plain" }]),
        least: MINUTE_MS,
        captions: captions(longest === 0 ? "none" : `at most ${span(longest)}`),
      })}
    </div>
    <details id="history-table">
      <summary>The same as a table</summary>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Hour from</th>
            <th scope="col">Events</th>
            <th scope="col">Syncs</th>
            <th scope="col">Failed</th>
            <th scope="col">Longest lag</th>
          </tr>
        </thead>
        <tbody>
          ${rowsOf(bins).map((row) => tableRow(row, now))}
        </tbody>
      </table>
    </details>
  </section>`;
}

function tableRow({ at, events, syncs, failures, lagMs }: Bin, now: number): Html {
  return html`<tr>
    <th scope="row">${time(at, now)}</th>
    <td>${number(events)}</td>
    <td>${number(syncs)}</td>
    <td>${number(failures)}</td>
    <td>${lagMs === 0 ? "–" : span(lagMs)}</td>
  </tr>`;
}

/** By the hour, the newest first. */
function rowsOf(bins: readonly Bin[]): Bin[] {
  const rows: Bin[] = [];
  for (let end = bins.length; end > 0; end -= BINS_PER_ROW) {
    const part = bins.slice(Math.max(0, end - BINS_PER_ROW), end);
    const total = (key: "events" | "syncs" | "failures") => part.reduce((sum, bin) => sum + bin[key], 0);
    rows.push({
      at: part[0]?.at ?? 0,
      events: total("events"),
      syncs: total("syncs"),
      failures: total("failures"),
      lagMs: Math.max(...part.map(({ lagMs }) => lagMs)),
    });
  }
  return rows;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function rate(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 2 });
}

function span(ms: number): string {
  return formatDuration(Math.round(ms / 1000) * 1000);
}
