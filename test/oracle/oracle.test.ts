import assert from "node:assert/strict";
import { test } from "node:test";
import { anyCase } from "./case.js";
import { compareMany, type Failure } from "./compare.js";
import { openPairs } from "./pair.js";

const count = Number(process.env.CASES ?? 100);
const seed = Number(process.env.SEED ?? 1);

/** An index only covers entries that are not old yet, in directories that have not just changed. */
const soonAfter = anyCase.map((one) => ({ ...one, clockDays: 0.125 }));

/** The first as the drop-in walks; the others with a part of the cases: with threads, and as a second run with an index. */
const WAYS = {
  "as it is": {},
  "with 2 jobs": { jobs: 2 },
  "with 8 jobs": { jobs: 8 },
  "with an index": { jobs: 1, indexed: true },
};

for (const [turn, [way, { skip, real, ours }]] of Object.entries(openPairs(WAYS)).entries()) {
  const from = seed + turn * 100_000;
  const number = turn === 0 ? count : Math.ceil(count / 10);
  const name = `${number} random cases from seed ${from}, ${way}, agree with systemd-tmpfiles 262`;
  test(name, { skip }, async (context) => {
    const report = (failure: Failure): boolean => process.stderr.write(`\n${failure.text}\n`);
    const cases = way === "with an index" ? soonAfter : anyCase;
    const { failures, compared, setAside } = await compareMany(from, number, real, ours, report, cases);
    const agree = `${compared - failures.length} of ${compared} agree`;
    context.diagnostic(
      `${agree}; ${setAside} more set aside: deliberate differences, or two runs of 262 differ`,
    );
    assert.equal(failures.length, 0, `${agree}; each that does not is above, with its seed`);
  });
}
