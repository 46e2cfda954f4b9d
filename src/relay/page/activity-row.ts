import { type Note } from "../coalescer/inputs.ts";
import { formatDuration } from "../config/scalars.ts";
import { time } from "./elements.ts";
import { type Html, html } from "./html.ts";
import { type ActivityModel } from "./model.ts";

const NOTES: Readonly<Record<Note["kind"], string>> = {
  triggered: "sync started",
  adopted: "following a sync that somebody else started",
  covered: "synced by a sync that somebody else started",
  busy: "another job is running",
  succeeded: "sync succeeded",
  failed: "sync failed",
  cancelled: "sync was cancelled",
  error: "Airbyte did not answer as expected",
  throttled: "Airbyte asks for fewer requests",
  unauthorized: "Airbyte refuses the relay's credentials",
  parked: "parked",
  unparked: "unparked",
  retried: "retried by hand",
};

/** Something that happened to a connection. */
export function activityRow({ at, note, name, jobUrl }: ActivityModel, now: number, isNamed: boolean): Html {
  const { kind, jobId, detail, lagMs } = note;
  const isBad = kind === "failed" || kind === "cancelled" || kind === "error" || kind === "unauthorized";
  const job = jobId === undefined ? undefined : `job ${jobId}`;
  return html`<tr>
    <td>${time(at, now)}</td>
    <td>
      <span class="${isBad ? "bad" : "plain"}">${NOTES[kind]}</span>
      ${
        job !== undefined &&
        (jobUrl === null
          ? html`<small>${job}</small>`
          : html`<a href="${jobUrl}" rel="noreferrer" target="_blank">${job}</a>`)
      }
      ${lagMs !== undefined && html`<small>${formatDuration(Math.round(lagMs / 1000) * 1000)} after the event</small>`}
      ${isNamed && html`<small>${name}</small>`}
      ${detail !== undefined && html`<small class="detail">${detail}</small>`}
    </td>
  </tr>`;
}
