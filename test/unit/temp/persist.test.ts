import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { mkstempSync, openMemfdSync, openTempSync, type PersistOptions, sweepStaleSync } from "#src/index.js";
import { Fd, flock, LOCK_EX, LOCK_NB, LOCK_SH, O_DIRECTORY, openat } from "#src/sys/files.js";
import { unlinkedFile } from "#src/temp/new-file.js";
import { TempFile } from "#src/temp/temp-file.js";
import { scratch } from "../../scratch.js";
import { started } from "./started.js";

interface Persistable extends Disposable {
  readonly fd: number;
  persist(path: string, options?: PersistOptions): Promise<void>;
  persistSync(path: string, options?: PersistOptions): void;
}

/** The types leave out the constructor, which is internal. */
const NewTempFile = TempFile as unknown as new (...args: readonly unknown[]) => TempFile;

function unlinked(dir: string): TempFile {
  using parent = openat(Fd.cwd, bytes(dir), O_DIRECTORY);
  return new NewTempFile(unlinkedFile(parent), { path: bytes(dir), isInMemory: () => false }, {});
}

const elsewhere =
  existsSync("/dev/shm") && statSync("/dev/shm").dev !== statSync(tmpdir()).dev ? "/dev/shm" : undefined;

const sources: Record<string, (t: TestContext, dir: string) => Persistable> = {
  "an unnamed file": (_t, dir) => openTempSync({ dir }),
  "an unlinked file": (_t, dir) => unlinked(dir),
  "a named file": (_t, dir) => mkstempSync({ dir }),
  "a memfd": () => openMemfdSync(),
};
if (elsewhere !== undefined) {
  sources["an unnamed file of another file system"] = (t) => openTempSync({ dir: scratch(t, elsewhere) });
  sources["a named file of another file system"] = (t) => mkstempSync({ dir: scratch(t, elsewhere) });
}

for (const [what, make] of Object.entries(sources)) {
  test(`${what} appears whole, with its mode, and stays open`, async (t) => {
    const dir = scratch(t);
    const target = join(dir, "target");
    using file = make(t, dir);
    writeSync(file.fd, "whole");
    const before = process.umask(0o077);
    t.after(() => process.umask(before));
    await file.persist(target, { mode: 0o644 });
    assert.equal(readFileSync(target, "utf8"), "whole");
    assert.equal(statSync(target).mode & 0o7777, 0o644);
    assert.equal(fstatSync(file.fd).ino, statSync(target).ino);
    assert.deepEqual(readdirSync(dir), ["target"]);
  });

  test(`${what} replaces only where it was asked to, and a failure loses nothing`, (t) => {
    const dir = scratch(t);
    const target = join(dir, "target");
    writeFileSync(target, "old");
    mkdirSync(join(dir, "directory"));
    using file = make(t, dir);
    writeSync(file.fd, "new");
    assert.throws(() => file.persistSync(target), { code: "EEXIST" });
    assert.throws(() => file.persistSync(join(dir, "directory"), { replace: true }), { code: "EISDIR" });
    assert.throws(() => file.persistSync(join(dir, "missing/target")), { code: "ENOENT" });
    assert.equal(readFileSync(target, "utf8"), "old");
    file.persistSync(target, { replace: true });
    assert.equal(readFileSync(target, "utf8"), "new");
    assert.equal(statSync(target).mode & 0o7777, 0o600);
    assert.deepEqual(readdirSync(dir).sort(), ["directory", "target"]);
  });
}

test("a persisted named file is not removed with its object", (t) => {
  const dir = scratch(t);
  {
    using file = mkstempSync({ dir, content: "kept" });
    file.persistSync(join(dir, "kept"));
    assert.equal(file.path, join(dir, "kept"));
    assert.throws(() => file.persistSync(join(dir, "again")));
  }
  assert.deepEqual(readdirSync(dir), ["kept"]);
});

test("a failed persist names the path that was asked for", (t) => {
  const dir = scratch(t);
  const target = join(dir, "taken");
  writeFileSync(target, "");
  using file = openTempSync({ dir });
  using named = mkstempSync({ dir });
  for (const each of [file, named]) {
    const message = `cannot persist as ${target}: File exists`;
    assert.throws(() => each.persistSync(target), { code: "EEXIST", path: target, message });
    assert.throws(() => each.persistSync(target, { fsync: false }), { code: "EEXIST", path: target });
    const below = join(dir, "none/x");
    assert.throws(() => each.persistSync(below, { replace: true }), { code: "ENOENT", path: below });
  }
});

for (const mask of [0o777, 0o477, 0o077]) {
  test(`a file is 0600 under the umask 0${mask.toString(8)}, too`, (t) => {
    const dir = scratch(t);
    const before = process.umask(mask);
    t.after(() => process.umask(before));
    // For another file system, the test creates a directory under the umask, which then only root can use.
    const here = Object.entries(sources).filter(([name]) => !name.includes("another"));
    for (const [name, make] of here) {
      using file = make(t, dir);
      assert.equal(fstatSync(file.fd).mode & 0o7777, 0o600, name);
      file.persistSync(join(dir, name));
      assert.equal(statSync(join(dir, name)).mode & 0o7777, 0o600, name);
    }
  });
}

/** Persists over a file again and again, and is killed at some moment. */
const REPLACING = `const target = data.dir + "/target"; fs.writeFileSync(target, "old");
  fs.writeSync(1, "started");
  for (;;) { using file = mayfly.openTempSync({ dir: data.dir, content: "new" }); file.persistSync(target, { replace: true, fsync: false }); }`;

test("a persist that was killed leaves no second name behind the next one", async (t) => {
  const dir = scratch(t);
  for (let round = 0; round < 10; round++) {
    const { child, ended } = await started(t, REPLACING.replace("using", "const"), dir);
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    child.kill("SIGKILL");
    await ended;
    using file = openTempSync({ dir, content: "last" });
    file.persistSync(join(dir, "target"), { replace: true });
    assert.deepEqual(readdirSync(dir), ["target"]);
    assert.equal(readFileSync(join(dir, "target"), "utf8"), "last");
  }
});

test("a leftover second name is removed by the next persist and by a sweep, unless it is in use", (t) => {
  const dir = scratch(t);
  const target = join(dir, "target");
  const name = `mayfly-${createHash("sha256").update("target").digest("hex").slice(0, 32)}`;
  const left = join(dir, name);
  writeFileSync(target, "old");
  const replace = (): void => {
    using file = openTempSync({ dir, content: "new" });
    file.persistSync(target, { replace: true });
  };
  writeFileSync(left, "left");
  replace();
  assert.deepEqual(readdirSync(dir), ["target"]);
  writeFileSync(left, "left");
  sweepStaleSync({ dir });
  assert.deepEqual(readdirSync(dir), ["target"]);
  writeFileSync(left, "in use");
  {
    using held = openat(Fd.cwd, bytes(left), 0);
    flock(held, LOCK_SH);
    replace();
    assert.deepEqual(readdirSync(dir).sort(), [name, "target"].sort());
  }
  // A directory of that name, as somebody else could have made in a shared directory.
  rmSync(left);
  mkdirSync(left);
  replace();
  assert.equal(readFileSync(target, "utf8"), "new");
});

test("a persisted file is not locked", (t) => {
  const dir = scratch(t);
  const target = join(dir, "target");
  writeFileSync(target, "old");
  using file = openTempSync({ dir });
  file.persistSync(target, { replace: true });
  using other = openat(Fd.cwd, bytes(target), 0);
  assert.equal(flock(other, LOCK_EX | LOCK_NB), true);
});
