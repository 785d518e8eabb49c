import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { mkdtemp, mkdtempSync, withTempDir, withTempDirSync } from "#src/index.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_DIRECTORY, openat } from "#src/sys/files.js";
import { scratch } from "../../scratch.js";

function isLocked(path: string): boolean {
  using fd = openat(Fd.cwd, bytes(path), O_DIRECTORY);
  return !flock(fd, LOCK_EX | LOCK_NB);
}

for (const umask of [0o000, 0o022, 0o077, 0o777]) {
  test(`a directory is 0700 and locked under umask 0${umask.toString(8)}`, (t) => {
    const dir = scratch(t);
    const before = process.umask(umask);
    t.after(() => process.umask(before));
    using made = mkdtempSync({ dir });
    process.umask(before);
    assert.equal(statSync(made.path).mode & 0o7777, 0o700);
    assert.equal(made.backing, "locked-directory");
    assert.ok(isLocked(made.path));
  });
}

test("names hold 128 random bits, between prefix and suffix", (t) => {
  const dir = scratch(t);
  const names = new Set<string>();
  for (let index = 0; index < 1000; index++) {
    using made = mkdtempSync({ dir, prefix: "a-", suffix: ".d" });
    const name = made.path.slice(dir.length + 1);
    assert.match(name, /^a-[0-9a-f]{32}\.d$/);
    names.add(name);
  }
  assert.equal(names.size, 1000);
});

test("a prefix can't lead out of the directory", (t) => {
  const dir = scratch(t);
  assert.throws(() => mkdtempSync({ dir, prefix: "../x" }), TypeError);
  assert.throws(() => mkdtempSync({ dir, suffix: "x/../../y" }), TypeError);
  assert.throws(() => mkdtempSync({ dir, prefix: "a\0b" }), TypeError);
});

test("a directory is removed with its contents on every kind of exit", async (t) => {
  const dir = scratch(t);
  const fillIn = (path: string): void => {
    mkdirSync(join(path, "a/b/c"), { recursive: true });
    writeFileSync(join(path, "a/b/c/file"), "x");
    chmodSync(join(path, "a/b"), 0);
  };
  const [first, second] = [await mkdtemp({ dir }), await mkdtemp({ dir })];
  for (const made of [first, second]) fillIn(made.path);
  await first.remove();
  second.removeSync();
  {
    using third = mkdtempSync({ dir });
    fillIn(third.path);
    await using fourth = mkdtempSync({ dir });
    fillIn(fourth.path);
  }
  assert.deepEqual(readdirSync(dir), []);
  await first.remove();
  assert.equal(first.fd, -1);
});

test("a large tree is removed in turns with the event loop", async (t) => {
  const made = await mkdtemp({ dir: scratch(t) });
  for (let index = 0; index < 3000; index++) writeFileSync(join(made.path, `${index}`), "");
  let turns = 0;
  const counter = setInterval(() => turns++, 0);
  await made.remove();
  clearInterval(counter);
  assert.ok(turns > 0);
  assert.equal(existsSync(made.path), false);
});

test("a moved directory is not followed, and its replacement is not removed", (t) => {
  const dir = scratch(t);
  const made = mkdtempSync({ dir });
  writeFileSync(join(made.path, "precious"), "");
  const { path } = made;
  renameSync(path, join(dir, "kept"));
  mkdirSync(path);
  writeFileSync(join(path, "another's"), "");
  made.removeSync();
  assert.ok(existsSync(join(dir, "kept/precious")));
  assert.ok(existsSync(join(path, "another's")));
});

test("a detached directory stays, without a lock", (t) => {
  const made = mkdtempSync({ dir: scratch(t) });
  const path = made.detach();
  assert.equal(isLocked(path), false);
  made.removeSync();
  assert.ok(existsSync(path));
});

test("withTempDir removes the directory whether the callback returns, throws or rejects", async (t) => {
  const dir = scratch(t);
  assert.equal(await withTempDir(async ({ path }) => readdirSync(path).length, { dir }), 0);
  assert.equal(
    withTempDirSync(({ path }) => path.startsWith(dir), { dir }),
    true,
  );
  const fail = (): never => {
    throw new RangeError("mine");
  };
  assert.throws(() => withTempDirSync(fail, { dir }), RangeError);
  await assert.rejects(withTempDir(fail, { dir }), RangeError);
  await assert.rejects(
    withTempDir(async () => fail(), { dir }),
    RangeError,
  );
  assert.deepEqual(readdirSync(dir), []);
});

test("parents whose names are not UTF-8 work", (t) => {
  const odd = Buffer.concat([Buffer.from(`${scratch(t)}/`), Buffer.from([0xff, 0xfe])]);
  mkdirSync(odd);
  using made = mkdtempSync({ dir: odd });
  assert.ok(existsSync(made.pathBuffer));
  assert.deepEqual(made.pathBuffer.subarray(0, odd.length), odd);
});
