import assert from "node:assert/strict";
import { after, test } from "node:test";
import { reference } from "../reference.js";
import { instrument } from "./instrument.js";
import { judgeMany } from "./judge.js";
import { nothing, realProgram } from "./program.js";
import { ourProgram } from "./subject.js";

const tools = instrument(reference());
const skip = "missing" in tools ? `NOT COMPARED: ${tools.missing}` : false;
const real = "missing" in tools ? nothing : realProgram(tools);
const ours = "missing" in tools ? nothing : ourProgram(tools);
after(() => {
  ours.close?.();
  if (!("missing" in tools)) tools.remove();
});

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
