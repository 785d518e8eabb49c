/**
 * `node build/test/runner/run.js [--quick] [--limit=SECONDS] [--test-name-pattern=PATTERN] [PART-OF-A-PATH...]`:
 * runs the tests, all of them or those whose path below build/test contains one of the parts.
 */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { reference, WANTED } from "../reference.js";
import { runTests } from "./runner.js";

const TREE = resolve(import.meta.dirname, "..");
/** Comparisons, races and whole programs, which take long or need root. */
const SLOW = /^(oracle|race|e2e|root)\//;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    limit: { type: "string" },
    "test-name-pattern": { type: "string" },
  },
});

const all = readdirSync(TREE, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".test.js"),
);
const chosen = all
  .filter((name) => !(values.quick && SLOW.test(name)))
  .filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
  .sort();
if (chosen.length === 0) throw new Error(`no test file below ${TREE} matches ${positionals.join(", ")}`);

// Each file is a separate process. The reference is located or fetched here, once for all of them.
const real = reference();
if (real.binary !== undefined) process.env.MAYFLY_REFERENCE = real.binary;
else process.env.MAYFLY_NO_REFERENCE = real.why;

const { failed, notCompared, leftRunning, leftBehind } = await runTests({
  files: chosen.map((name) => join(TREE, name)),
  // The races and timers of the slow tests need a core of their own.
  concurrency: values.quick ? availableParallelism() : 1,
  limitSeconds: Number(values.limit ?? (values.quick ? 300 : 1800)),
  namePattern: values["test-name-pattern"],
});
if (leftRunning.length > 0)
  process.stderr.write(`Ended what tests left running: ${leftRunning.join(", ")}\n`);
if (leftBehind.length > 0) process.stderr.write(`Removed what tests left behind: ${leftBehind.join(", ")}\n`);
const reasons = Object.entries(notCompared).map(([reason, count]) => {
  const cause = reason.endsWith(`systemd-tmpfiles ${WANTED}`) ? `, ${real.why}` : "";
  return `${count}: ${reason}${cause}`;
});
const sum = Object.values(notCompared).reduce((total, count) => total + count, 0);
const mark = process.stdout.isTTY ? "\u2139" : "#";
const why = sum === 0 ? "" : ` (${reasons.join("; ")})`;
process.stdout.write(`${mark} comparisons with systemd-tmpfiles skipped: ${sum}${why}\n`);
process.exitCode = failed ? 1 : 0;
