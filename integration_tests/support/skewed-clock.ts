import { readFileSync } from "node:fs";

/**
 * Loaded into a process before its program (`node --import`): its clock is off by CLOCK_SKEW_MS, or by what the file
 * CLOCK_SKEW_FILE says at the start and whenever the process gets SIGUSR2. As with every step of a clock, what waits
 * goes on waiting.
 */
const file = process.env["CLOCK_SKEW_FILE"];
const readSkew = () =>
  file === undefined ? Number(process.env["CLOCK_SKEW_MS"] ?? 0) : Number(readFileSync(file, "utf8"));
const { now } = Date;
let skewMs = readSkew();

Date.now = () => now() + skewMs;
if (file !== undefined) {
  process.on("SIGUSR2", () => {
    skewMs = readSkew();
  });
}
