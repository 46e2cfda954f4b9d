import { writeSync } from "node:fs";

/**
 * Preloaded into a program that is measured (`--import`): at its end it writes what the program has used to file
 * descriptor 3, as the operating system counts it.
 */
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakRssMiB: maxRSS / 1024 };
  writeSync(3, JSON.stringify(usage));
});
