import assert from "node:assert/strict";
import { test } from "node:test";
import { FAST_PATH_GUARDS, GUARDS, UNOPENED_PRE_VISIT } from "#src/tmpfiles/ageing/guards.js";

const codes = (guards: typeof GUARDS): string[] =>
  guards.map(({ code, appliesTo }) => `${code} ${appliesTo}`);

test("each guard says how the fast path and the index make up for not asking it", () => {
  for (const { code, appliesTo, fastPath, index } of GUARDS) {
    assert.ok(["asked", "directory", "entry", "not-a-file"].includes(fastPath), code);
    assert.equal(fastPath === "not-a-file", appliesTo === "directory", code);
    assert.ok(["asked", "superseded", "inside"].includes(index), code);
    if (index === "superseded") assert.equal(appliesTo, "other", code);
  }
});

test("what the fast path and the index ask is what the guards say", () => {
  assert.deepEqual(codes(FAST_PATH_GUARDS), ["too-new any", "within-budget any", "open any", "locked other"]);
  assert.deepEqual(codes(UNOPENED_PRE_VISIT), [
    "mount-root any",
    "own-line any",
    "own-glob any",
    "lost+found directory",
  ]);
});
