/** Loaded into a process before its program (`node --import`): its clock is off by CLOCK_SKEW_MS. */
const skewMs = Number(process.env["CLOCK_SKEW_MS"] ?? 0);
const { now } = Date;

Date.now = () => now() + skewMs;
