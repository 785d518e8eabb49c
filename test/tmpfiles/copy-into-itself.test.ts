import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { run } from "#src/tmpfiles/index.js";

test("a directory copied into itself leaves the copy out", () => {
  const top = mkdtempSync(join(tmpdir(), "mayfly-copy-"));
  try {
    mkdirSync(join(top, "a"));
    writeFileSync(join(top, "a/file"), "content");
    const line = `C ${top}/a/copy - - - - ${top}/a`;
    const args = [bytes(line)];
    const { exitStatus } = run(
      { operations: ["create"], inline: true, args },
      { wantsKept: false, report: () => undefined },
    );
    assert.equal(exitStatus, 0);
    assert.deepEqual(readdirSync(join(top, "a/copy")), ["file"]);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
