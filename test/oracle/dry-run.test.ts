/** A dry run lists exactly what the run removes, also with locks and with directories that are not empty. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyCase, type Case } from "./case.js";
import { openLab } from "./lab.js";
import { callOf, type Outcome } from "./program.js";
import { snapshot } from "./snapshot.js";
import { openWorker } from "./subject.js";

const RUNS = Number(process.env.CASES ?? 60);
const seed = Number(process.env.SEED ?? 1);

/** The paths that would be removed, in each form of the message. Names may contain newlines, which a pipe gets unescaped. */
function named(outcome: Outcome, verb: RegExp): string[] {
  const names = [...outcome.output.matchAll(verb)].map((match) => match[1] ?? "");
  return [...new Set(names)].sort();
}

test(`${RUNS} random cases: a dry run lists what the run removes, and changes nothing`, async () => {
  const worker = openWorker({}, false);
  let total = 0;
  const property = fc.asyncProperty(anyCase, async (any) => {
    const removing = any.operations.filter((operation) => operation !== "--create");
    const one: Case = {
      ...any,
      operations: removing.length > 0 ? removing : ["--clean"],
      options: ["--boot"],
      delivery: "files",
      unprivileged: false,
    };
    const lab = openLab(one);
    try {
      const [copy] = lab.copies;
      const call = callOf(one, copy, { SYSTEMD_LOG_LEVEL: "debug" });
      const looks = snapshot(copy.at, lab.since);
      const before = [...looks.keys()];
      const dry = await worker.run({ ...call, args: ["--dry-run", ...call.args] });
      assert.deepEqual([...snapshot(copy.at, lab.since).keys()], before);
      await worker.run(call);
      const after = snapshot(copy.at, lab.since);
      const base = copy.at.toString("latin1");
      const gone = before.filter((path) => !after.has(path)).map((path) => base + path);
      const said = named(dry, /^Would remove (?:file |directory )?"([\s\S]*?)"\.?$/gm);
      total += gone.length;
      assert.deepEqual(said, gone.sort());
    } finally {
      lab.close();
    }
  });
  try {
    await fc.assert(property, { seed, numRuns: RUNS, unbiased: true });
    assert.ok(total > 0, "nothing was ever removed, so this shows nothing");
  } finally {
    worker.close();
  }
});
