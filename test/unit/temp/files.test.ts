import assert from "node:assert/strict";
import { existsSync, fstatSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { mkstemp, mkstempSync, openMemfdSync, openTemp, openTempSync } from "#src/index.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_DIRECTORY, openat } from "#src/sys/files.js";
import { unlinkedFile } from "#src/temp/new-file.js";
import { scratch } from "../../scratch.js";

const O_CLOEXEC = 0o2000000;
const flagsOf = (fd: number): number =>
  Number.parseInt(/flags:\s*([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "", 8);

for (const umask of [0, 0o022, 0o077]) {
  test(`files are 0600 and closed on exec under umask 0${umask.toString(8)}`, (t) => {
    const dir = scratch(t);
    const before = process.umask(umask);
    t.after(() => process.umask(before));
    using named = mkstempSync({ dir });
    using anonymous = openTempSync({ dir });
    using memory = openMemfdSync();
    for (const { fd } of [named, anonymous, memory]) {
      assert.equal(fstatSync(fd).mode & 0o7777, 0o600);
      assert.ok((flagsOf(fd) & O_CLOEXEC) !== 0);
    }
  });
}

test("an anonymous file has no name, and can be written and read", async (t) => {
  const dir = scratch(t);
  await using file = await openTemp({ dir });
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(fstatSync(file.fd).nlink, 0);
  writeSync(file.fd, "one ");
  await file.append("two ");
  await pipeline(["three ", "four"], file.createWriteStream());
  assert.equal(await text(file.createReadStream()), "one two three four");
  await using handle = await file.handle();
  assert.equal(await handle.readFile("utf8"), "one two three four");
});

test("a closed FileHandle leaves the file open", async (t) => {
  await using file = await openTemp({ dir: scratch(t), content: "still here" });
  const handle = await file.handle();
  await handle.close();
  const buffer = Buffer.alloc(10);
  readSync(file.fd, buffer, 0, 10, 0);
  assert.equal(buffer.toString(), "still here");
});

test("without O_TMPFILE, the name is removed before the file is returned", (t) => {
  const dir = scratch(t);
  using parent = openat(Fd.cwd, bytes(dir), O_DIRECTORY);
  const { fd, backing } = unlinkedFile(parent);
  assert.equal(backing, "unlinked");
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(fstatSync(fd.number).mode & 0o7777, 0o600);
  fd.close();
});

test("a named file is locked, and removed when it is disposed", async (t) => {
  const dir = scratch(t);
  {
    await using file = await mkstemp({ dir, suffix: ".txt", content: "x" });
    assert.match(file.path, /\/mayfly-[0-9a-f]{32}\.txt$/);
    assert.equal(statSync(file.path).ino, fstatSync(file.fd).ino);
    using other = openat(Fd.cwd, bytes(file.path), 0);
    assert.equal(flock(other, LOCK_EX | LOCK_NB), false);
  }
  assert.deepEqual(readdirSync(dir), []);
});

test("a named file that was replaced is not removed", async (t) => {
  const { renameSync, writeFileSync } = await import("node:fs");
  const dir = scratch(t);
  const file = mkstempSync({ dir });
  writeFileSync(join(dir, "other"), "theirs");
  renameSync(join(dir, "other"), file.path);
  file.removeSync();
  assert.equal(readFileSync(file.path, "utf8"), "theirs");
});

test("a sealed memfd can't be changed any more", () => {
  using file = openMemfdSync({ name: "sealed", content: "fixed" });
  file.seal();
  assert.throws(() => writeSync(file.fd, "x"), { code: "EPERM" });
  for (const seal of ["write", "grow", "shrink", "seal"] as const) assert.ok(file.seals.includes(seal));
});

test("a memfd that is not sealable cannot be sealed", () => {
  using file = openMemfdSync({ sealable: false });
  assert.throws(() => file.seal("write"), { code: "EPERM" });
});

test("reserve allocates space without growing the file", (t) => {
  using file = openTempSync({ dir: scratch(t), reserve: 65536 });
  assert.equal(fstatSync(file.fd).size, 0);
  assert.ok(fstatSync(file.fd).blocks * 512 >= 65536);
  assert.ok(existsSync(`/proc/self/fd/${file.fd}`));
});
