import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * `npm test`: the checks in two lanes, the longest beside the others, then all tests at once. Whatever fails, the rest
 * is still run, and the tests' own closing lines come last but for what else failed.
 */
const LANES = [["lint:code"], ["typecheck", "lint:format", "lint:imports"]];
const TESTS = ["jest", "--", "/spec/", "integration_tests/simulators", "integration_tests/end-to-end"];

/**
 * What Jest prints where all is well; anything else is a warning, or a log that a test has let out. A worker that takes
 * more than half a second to end says nothing of the tests: a busy machine takes it.
 */
const EXPECTED_LINE =
  /^(?:PASS \S+(?: \(.+\))?|(?:Test Suites|Tests|Snapshots|Time): .*|Ran all test suites.*|A worker process has failed to exit gracefully.*)?$/;

interface Result {
  isOk: boolean;
  output: string;
}

async function run(args: readonly string[], isShown: boolean): Promise<Result> {
  const child = spawn("npm", ["run", "--silent", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (isShown) process.stdout.write(text);
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { isOk: code === 0, output };
}

const failed: string[] = [];

await Promise.all(
  LANES.map(async (names) => {
    for (const name of names) {
      const { isOk, output } = await run([name], false);
      if (isOk) continue;
      failed.push(`npm run ${name}`);
      process.stdout.write(`npm run ${name}:\n${output}\n`);
    }
  }),
);

const tests = await run(TESTS, true);
if (tests.isOk) {
  const stray = tests.output.split("\n").filter((line) => !EXPECTED_LINE.test(line));
  if (stray.length > 0) failed.push(`the tests, which are to be quiet and printed: ${stray.join("\n")}`);
} else failed.push("the tests");

for (const what of failed) process.stdout.write(`FAILED: ${what}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
