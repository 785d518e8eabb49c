/** A dry run reports what would fail, and its exit status is that of the inspection only, as with 262. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { Operation } from "#src/base/events.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

/** The exit status, and which paths something failed at. */
function tried(operation: Operation, line: string, dryRun: boolean): [number, string[]] {
  const failed: string[] = [];
  const options = { operations: [operation], inline: true, args: [bytes(line)], dryRun, jobs: 1 };
  const { exitStatus } = runSync(options, {
    wantsKept: false,
    report: (event) => {
      if (event.type === "failed") failed.push(event.path);
    },
  });
  return [exitStatus, failed];
}

test("an r line that names a full directory fails the run, and not the dry run", (t) => {
  const top = scratch(t);
  mkdirSync(join(top, "full/inside"), { recursive: true });
  assert.deepEqual(tried("remove", `r ${top}/full`, true), [0, [`${top}/full`]]);
  assert.deepEqual(tried("remove", `r ${top}/full`, false), [73, [`${top}/full`]]);
});

test("an f line that names a directory fails the run, and not the dry run", (t) => {
  const top = scratch(t);
  for (const letter of ["f", "f+"]) {
    assert.deepEqual(tried("create", `${letter} ${top} - - - - text`, true), [0, [top]]);
    assert.deepEqual(tried("create", `${letter} ${top} - - - - text`, false), [73, [top]]);
  }
});

test("an immutable file among those that go fails the run, and not the dry run", (t) => {
  const top = scratch(t);
  const file = join(top, "immutable");
  writeFileSync(file, "");
  if (spawnSync("chattr", ["+i", file]).status !== 0) {
    t.skip("no file can be made immutable here");
    return;
  }
  try {
    assert.deepEqual(tried("remove", `D ${top}`, true), [0, [file]]);
    assert.deepEqual(tried("remove", `D ${top}`, false), [73, [file]]);
  } finally {
    spawnSync("chattr", ["-i", file]);
  }
});
