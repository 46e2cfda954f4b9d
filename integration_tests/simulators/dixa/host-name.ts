/** Dixa's two hosts: `exports` (exports.dixa.io) and `api` (dev.dixa.io). */
export type HostName = "exports" | "api";
