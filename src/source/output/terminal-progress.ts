import { type Wait } from "../../http/request.ts";
import { describeDuration } from "../../logging/describe.ts";

const REDRAW_MS = 150;
const BAR_WIDTH = 24;
const NAME_WIDTH = 14;
const CLEAR_LINE = "\u001b[2K";

/** The part of a terminal that progress needs. */
export interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** What a person wants to see of a stream while it is read. */
export interface StreamSnapshot {
  name: string;
  phase: "waiting" | "reading" | "complete" | "incomplete";
  rows: number;
  bytes: number;
  slices: number;
  requests: number;
  /** Share of the range that is finished, 0 to 1. */
  done: number;
  /** What it waits for, if it does: until when (ms UTC), and why. */
  wait: Pick<Wait, "untilMs" | "reason"> | undefined;
  /** Time from its first request to its end or to now, ms. */
  elapsed: number;
}

/**
 * Draws a bar per stream on a terminal, and redraws it while the sync runs. Where there is no terminal, as under
 * Airbyte, it draws nothing: LOG and ESTIMATE messages tell the same.
 *
 * @param isShared the messages go to this terminal too, and would tear the bars: they are drawn once, at the end
 * @returns draws the last state and leaves it standing
 */
export function showProgress(
  terminal: Terminal,
  snapshots: () => StreamSnapshot[],
  isShared = false,
): () => void {
  if (terminal.isTTY !== true) return () => undefined;
  let drawn = 0;
  const draw = () => {
    const lines = snapshots().map((snapshot) => progressLine(snapshot, Date.now(), terminal.columns ?? 100));
    const up = drawn > 0 ? `\u001b[${drawn}A` : "";
    terminal.write(up + lines.map((line) => `${CLEAR_LINE}${line}\n`).join(""));
    drawn = lines.length;
  };
  if (isShared) return draw;
  draw();
  const timer = setInterval(draw, REDRAW_MS).unref();
  return () => {
    clearInterval(timer);
    draw();
  };
}

/** One stream in one line, at most `columns` wide. */
export function progressLine(snapshot: StreamSnapshot, now: number, columns: number): string {
  const { name, phase, rows, bytes, done, elapsed, wait, requests, slices } = snapshot;
  const filled = Math.round(done * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const percent = `${Math.floor(done * 100)} %`.padStart(5);
  const rate = elapsed > 0 ? (bytes / 1000 / elapsed).toFixed(1) : "0.0";
  const counts = `${rows.toLocaleString("en")} rows  ${rate} MB/s  ${slices} slices  ${requests} requests`;
  const line = `${name.padEnd(NAME_WIDTH)} ${bar} ${percent}  ${counts}  ${state(phase, wait, now)}`;
  return line.trimEnd().slice(0, columns - 1);
}

function state(phase: StreamSnapshot["phase"], wait: StreamSnapshot["wait"], now: number): string {
  if (phase === "complete") return "done";
  if (phase === "incomplete") return "stopped";
  if (wait === undefined) return "";
  const left = describeDuration(wait.untilMs - now);
  return wait.reason === "budget" || wait.reason === "rate_limited"
    ? `rate limit, goes on in ${left}`
    : `trouble, tries again in ${left}`;
}
