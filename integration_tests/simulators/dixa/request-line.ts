import { type RequestLog } from "./request-log.ts";

/** One request as a line for people: what was asked, what was answered. */
export function describeRequest(request: RequestLog): string {
  const { host, method, path, query, status, fault, bytes, durationMs } = request;
  const search = Object.entries(query)
    .map(([name, value]) => `${name}=${readable(name, value)}`)
    .join(" ");
  const answer = [
    status === 0 ? "no answer" : String(status),
    ...(bytes > 0 ? [`${(bytes / 1e6).toFixed(bytes < 1e5 ? 3 : 1)} MB`] : []),
    `${(durationMs / 1000).toFixed(2)} s`,
    ...(fault === undefined ? [] : [`fault: ${fault}`]),
  ];
  return [host.padEnd(7), method, path, search, "→", answer.join(", ")]
    .filter((part) => part !== "")
    .join(" ");
}

/** Instants in ms as dates. */
function readable(name: string, value: string): string {
  const isInstant = /_(after|before)$/.test(name) && /^\d{1,15}$/.test(value);
  return isInstant ? new Date(Number(value)).toISOString() : value;
}
