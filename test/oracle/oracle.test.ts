import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeMany } from "./judge.js";
import { openPair } from "./pair.js";

const { skip, real, ours } = openPair();

const count = Number(process.env.CASES ?? 100);
const seed = Number(process.env.SEED ?? 1);

test(`${count} random cases from seed ${seed} agree with systemd-tmpfiles 262`, { skip }, async () => {
  const failures = await judgeMany(seed, count, real, ours, (failure) =>
    process.stderr.write(`\n${failure.text}\n`),
  );
  assert.equal(
    failures.length,
    0,
    `${failures.length} of ${count} cases part; see above, each with its seed`,
  );
});
