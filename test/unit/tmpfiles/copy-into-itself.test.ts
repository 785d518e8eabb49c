import assert from "node:assert/strict";
import { chownSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { runSync } from "#src/tmpfiles/index.js";
import { makeScratch, removeScratch } from "../../scratch.js";

test("a directory copied into itself does not contain the copy", () => {
  const top = makeScratch();
  try {
    mkdirSync(join(top, "a"));
    writeFileSync(join(top, "a/file"), "content");
    const line = `C ${top}/a/copy - - - - ${top}/a`;
    const args = [bytes(line)];
    const { exitStatus } = runSync(
      { operations: ["create"], inline: true, args },
      { wantsKept: false, report: () => undefined },
    );
    assert.equal(exitStatus, 0);
    assert.deepEqual(readdirSync(join(top, "a/copy")), ["file"]);
  } finally {
    removeScratch(top);
  }
});

/** Runs `C` from `source` to `copy` in a fresh directory that `prepare` lays out, and returns what `copy` holds then. */
function copied(prepare: (top: string) => void): string[] {
  const top = makeScratch();
  try {
    for (const name of ["a", "b", "c"]) mkdirSync(join(top, "source", name), { recursive: true });
    mkdirSync(join(top, "copy"));
    prepare(join(top, "copy"));
    const args = [bytes(`C ${top}/copy - - - - ${top}/source`)];
    const { exitStatus } = runSync({ operations: ["create"], inline: true, args });
    assert.equal(exitStatus, 0);
    return readdirSync(join(top, "copy"));
  } finally {
    removeScratch(top);
  }
}

test("an empty directory that a killed run began to fill is filled", () => {
  const killed = (copy: string): void => {
    mkdirSync(join(copy, "b"));
    mkdirSync(join(copy, "another"));
    writeFileSync(join(copy, ".mayfly-unfinished"), "");
  };
  assert.deepEqual(
    copied(() => {}),
    ["a", "b", "c"],
  );
  assert.deepEqual(copied(killed), ["a", "another", "b", "c"]);
  assert.deepEqual(
    copied((copy) => mkdirSync(join(copy, "another"))),
    ["another"],
  );
});

test("another user's mark does not count", (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can give files away");
  const planted = (copy: string): void => {
    writeFileSync(join(copy, ".mayfly-unfinished"), "");
    chownSync(join(copy, ".mayfly-unfinished"), 65534, 65534);
  };
  assert.deepEqual(copied(planted), [".mayfly-unfinished"]);
});

test("a copy has its source's timestamps even if its owner cannot be set", (t) => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot && !maySetEffectiveUser()) return t.skip("this Node refuses seteuid()");
  const top = makeScratch();
  try {
    writeFileSync(join(top, "source"), "content");
    utimesSync(join(top, "source"), 1000, 2000);
    if (isRoot) for (const path of [top, join(top, "source")]) chownSync(path, 65534, 65534);
    if (isRoot) process.seteuid?.(65534);
    const args = [bytes(`C ${top}/copy - 0 - - ${top}/source`)];
    const { exitStatus } = runSync(
      { operations: ["create"], inline: true, args },
      { wantsKept: false, report: () => undefined },
    );
    assert.equal(exitStatus, 73);
    const { atimeMs, mtimeMs } = statSync(join(top, "copy"));
    assert.deepEqual([atimeMs, mtimeMs], [1_000_000, 2_000_000]);
  } finally {
    if (isRoot) process.seteuid?.(0);
    removeScratch(top);
  }
});

/** A Node with an older libuv, as of Debian 13, refuses as long as io_uring may be in use. */
function maySetEffectiveUser(): boolean {
  try {
    process.seteuid?.(0);
    return true;
  } catch {
    return false;
  }
}
