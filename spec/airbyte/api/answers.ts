export const BASE = "/api/public/v1";
export const CONNECTION = "18dccc91-0ab1-4f72-9ed7-0b8fc27c5826";

export function job(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    jobId: 1234,
    status: "pending",
    jobType: "sync",
    startTime: "2023-03-25T01:30:50Z",
    connectionId: CONNECTION,
    ...more,
  };
}

/** An error of the public API, as its servers put it. */
export function problem(
  status: number,
  title: string,
  detail: string,
  data?: Record<string, unknown>,
): Record<string, unknown> {
  const fragment = title === "state-conflict" ? "409-state-conflict" : title;
  const type = `https://reference.airbyte.com/reference/errors#${fragment}`;
  return { status, type, title, detail, ...(data === undefined ? {} : { data }) };
}
