import assert from "node:assert/strict";
import {
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { mkstempSync, openMemfdSync, openTempSync, type PersistOptions } from "#src/index.js";
import { Fd, O_DIRECTORY, openat } from "#src/sys/files.js";
import { unlinkedFile } from "#src/temp/new-file.js";
import { TempFile } from "#src/temp/temp-file.js";
import { scratch } from "./scratch.js";

interface Persistable extends Disposable {
  readonly fd: number;
  persist(path: string, options?: PersistOptions): Promise<void>;
  persistSync(path: string, options?: PersistOptions): void;
}

function unlinked(dir: string): TempFile {
  using parent = openat(Fd.cwd, bytes(dir), O_DIRECTORY);
  return new TempFile(unlinkedFile(parent), { path: bytes(dir), isInMemory: () => false }, {});
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
