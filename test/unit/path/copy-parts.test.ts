/** A directory that is being copied is not removed by another run, which takes it for what a killed run left. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { makeUnfinished } from "#src/path/copy-parts.js";
import { temporaryName } from "#src/path/workplace.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_DIRECTORY, O_PATH, O_RDONLY, openat } from "#src/sys/files.js";
import { scratch } from "../../scratch.js";

test("another run that removes a new directory before it is locked does not stop the copy", (t) => {
  const directory = scratch(t);
  using dir = openat(Fd.cwd, bytes(directory), O_PATH | O_DIRECTORY);
  let made = 0;
  const unfinished = makeUnfinished(dir, bytes("name"), (_, actual) => {
    mkdirSync(join(directory, actual));
    if (++made === 1) rmdirSync(join(directory, actual));
  });
  assert.equal(made, 2);
  assert.deepEqual(readdirSync(directory), [unfinished?.workplace.path]);
  unfinished?.to.close();
});

test("one that another run has locked is left to that run", (t) => {
  const directory = scratch(t);
  using dir = openat(Fd.cwd, bytes(directory), O_PATH | O_DIRECTORY);
  let other: Fd | undefined;
  const unfinished = makeUnfinished(dir, bytes("name"), (_, actual) => {
    mkdirSync(join(directory, actual));
    if (other !== undefined) return;
    other = openat(dir, actual, O_RDONLY | O_DIRECTORY);
    assert.equal(flock(other, LOCK_EX | LOCK_NB), true);
  });
  assert.ok(
    unfinished !== undefined && unfinished.workplace.path !== temporaryNameOf(unfinished.workplace.path),
  );
  assert.equal(readdirSync(directory).length, 2);
  unfinished.to.close();
  other?.close();
});

/** The usual temporary name: without a random end. */
const temporaryNameOf = (name: string): string => name.replace(/^(\.mayfly-[0-9a-f]+)-.*$/, "$1");

test("what is being copied is locked, so that it is not taken for a leftover", (t) => {
  const directory = scratch(t);
  using dir = openat(Fd.cwd, bytes(directory), O_PATH | O_DIRECTORY);
  const unfinished = makeUnfinished(dir, bytes("name"), (_, actual) => mkdirSync(join(directory, actual)));
  assert.notEqual(temporaryName(dir, bytes("name")), unfinished?.workplace.path);
  assert.deepEqual(readdirSync(directory), [unfinished?.workplace.path]);
  unfinished?.to.close();
});
