import { type DixaSimulatorOptions } from "../simulators/dixa/index.ts";

/** The data never change, so that suites can name the records that they expect. */
export const SPAN = { lo: Date.UTC(2026, 0, 1), hi: Date.UTC(2026, 3, 1) };
/** Ports that stand in the configurations of this folder. Suites that start their own simulator put theirs there. */
export const EXPORTS_PORT = 8411;
export const API_PORT = 8412;
/** Looks like no word, so that a suite that searches for leaked secrets takes it for one. */
export const TOKEN = "acceptance-token-4711";

/** An account that is the same every time, without Dixa's limits, which would make suites wait for minutes. */
export const FIXED_ACCOUNT = {
  token: TOKEN,
  span: SPAN,
  seed: 42,
  conversations: 100,
  messages: 200,
  activityLogs: 300,
  limits: false,
} as const satisfies DixaSimulatorOptions;

/** Reads the fixed account in slices of nine days, so that there are states in between to go on from. */
export const CONFIG = {
  api_token: TOKEN,
  start_date: "2026-01-01",
  end_date: new Date(SPAN.hi).toISOString().slice(0, 10),
  batch_size: 9,
  activity_log_batch_size: 9,
  // A second read must bring something else than the first, and all rows of this account lie in its past.
  lookback_minutes: 0,
  exports_requests_per_minute: 6000,
  api_requests_per_second: 1000,
  exports_url: `http://127.0.0.1:${EXPORTS_PORT}`,
  api_url: `http://127.0.0.1:${API_PORT}`,
} as const;

/** A cursor beyond every row and every clock. */
export const FUTURE = Date.UTC(2099, 0, 1);
/** How far apart the expected records of a stream are in its rows. */
export const EXPECTED_STEP: Readonly<Record<string, number>> = {
  conversations: 10,
  messages: 20,
  activity_logs: 9,
  conversation_messages: 50,
  conversation_notes: 20,
  conversation_ratings: 20,
};
/** Of the other streams, whose rows are fewer. */
export const USUAL_STEP = 5;
/** Streams without records that are the same every time, and why. */
export const UNEXPECTED: Readonly<Record<string, string>> = {
  agent_presence: "a snapshot of the present",
  webhooks: "the account has no subscription",
};
