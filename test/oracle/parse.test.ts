import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { reference } from "../reference.js";
import { configuration } from "./parse-arbitrary.js";
import { crafted } from "./parse-lines.js";
import { engineOutcome, type Outcome, referenceOutcome, type Setting } from "./parse-outcome.js";

const real = reference();
const skip = real.binary === undefined ? `not compared: ${real.missing}` : false;
const CASES = Number(process.env.CASES ?? 150);

function settingFor(t: TestContext): Setting {
  const directory = mkdtempSync(join(tmpdir(), "mayfly-parse-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return { directory, environment: { PATH: process.env.PATH ?? "", HOME: "/home/somebody" } };
}

function compare(content: Bytes, setting: Setting): [Outcome, Outcome] {
  return [engineOutcome(content, setting), referenceOutcome(real.binary ?? "", content, setting)];
}

test("crafted lines are taken and refused as 262 does", { skip }, (t) => {
  const setting = { ...settingFor(t), boot: true };
  for (const line of crafted) {
    const [ours, theirs] = compare(`${line}\n` as Bytes, setting);
    assert.deepEqual(ours, theirs, JSON.stringify(line));
  }
});

test("random configurations come to the same items, conflicts and exit status", { skip }, (t) => {
  const setting = settingFor(t);
  const options = fc.record({
    boot: fc.boolean(),
    graceful: fc.boolean(),
    prefix: fc.option(fc.constantFrom("/mayfly/a", "/mayfly/a/", "/mayfly", "//mayfly/./b"), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(configuration, options, (content, { prefix, ...flags }) => {
      const given = { ...setting, ...flags, ...(prefix === undefined ? {} : { prefix }) };
      const [ours, theirs] = compare(content, given);
      assert.deepEqual(ours, theirs);
    }),
    { numRuns: CASES },
  );
});

test("a line of a mebibyte and a path of 5,000 bytes: the same exit status, but the other lines still run", {
  skip,
}, (t) => {
  const setting = settingFor(t);
  for (const line of [`f /mayfly/a - - - - ${"x".repeat(1 << 20)}`, `d /${"x".repeat(5000)}`]) {
    const [ours, theirs] = compare(bytes(`d /mayfly/b\n${line}\nd /mayfly/c\n`), setting);
    assert.equal(ours.status, theirs.status);
    assert.deepEqual(ours.wrong, [2]);
    assert.deepEqual(ours.items, ["d /mayfly/b", "d /mayfly/c"]);
    assert.deepEqual(theirs.items, []);
  }
});
