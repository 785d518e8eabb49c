import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { removeTree } from "#src/path/tree.js";
import { Fd, mkdirat, O_CREAT, O_DIRECTORY, O_WRONLY, openat } from "#src/sys/files.js";
import { makeScratch } from "../../scratch.js";

const b = (text: string): Bytes => bytes(text);

// Making 30,000 directories takes ext4 half a minute.
const roomy = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function opened(base = tmpdir()): { path: string; dir: Fd; [Symbol.dispose](): void } {
  const path = makeScratch(base);
  const dir = openat(Fd.cwd, b(path), O_DIRECTORY);
  return {
    path,
    dir,
    [Symbol.dispose]() {
      dir.close();
      using above = openat(Fd.cwd, b(base), O_DIRECTORY);
      assert.deepEqual(removeTree(above, b(basename(path))).left, []);
    },
  };
}

test("a tree is removed, but not the targets of its symlinks", () => {
  using at = opened();
  mkdirSync(join(at.path, "top/a/b"), { recursive: true });
  mkdirSync(join(at.path, "outside"));
  writeFileSync(join(at.path, "outside/precious"), "x");
  writeFileSync(join(at.path, "top/a/f"), "x");
  symlinkSync("../outside", join(at.path, "top/link"));
  const { removed, left } = removeTree(at.dir, b("top"));
  assert.deepEqual({ removed, left }, { removed: 5, left: [] });
  assert.deepEqual(readdirSync(at.path), ["outside"]);
  assert.deepEqual(readdirSync(join(at.path, "outside")), ["precious"]);
  removeTree(at.dir, b("outside"));
});

test("a missing path is not an error", () => {
  using at = opened();
  assert.deepEqual(removeTree(at.dir, b("nothing")), { removed: 0, left: [] });
});

test("names are bytes", () => {
  using at = opened();
  mkdirat(at.dir, "\xff\xfe" as Bytes, 0o700);
  using odd = openat(at.dir, "\xff\xfe" as Bytes, O_DIRECTORY);
  openat(odd, "a\nb\x80" as Bytes, O_CREAT | O_WRONLY, 0o600).close();
  assert.equal(removeTree(at.dir, "\xff\xfe" as Bytes).removed, 2);
});

test("directories without permissions are removed", () => {
  using at = opened();
  mkdirSync(join(at.path, "top/locked/inner"), { recursive: true });
  writeFileSync(join(at.path, "top/locked/inner/f"), "x");
  chmodSync(join(at.path, "top/locked/inner"), 0);
  chmodSync(join(at.path, "top/locked"), 0o400);
  chmodSync(join(at.path, "top"), 0o500);
  assert.deepEqual(removeTree(at.dir, b("top")), { removed: 4, left: [] });
});

test("30,000 levels with files are removed", () => {
  using at = opened(roomy);
  const depth = 30_000;
  let current = openat(at.dir, b("."), O_DIRECTORY);
  for (let level = 0; level < depth; level++) {
    mkdirat(current, b("d"), 0o700);
    if (level % 10 === 0) openat(current, b("f"), O_CREAT | O_WRONLY, 0o600).close();
    const next = openat(current, b("d"), O_DIRECTORY);
    current.close();
    current = new Fd(next.number, b("deep"));
  }
  current.close();
  openat(at.dir, b("d"), O_DIRECTORY).close();
  assert.deepEqual(removeTree(at.dir, b("d")), { removed: depth + depth / 10 - 1, left: [] });
});

test("a directory with more entries than one getdents64 buffer is removed", () => {
  using at = opened(roomy);
  mkdirSync(join(at.path, "wide"));
  for (let i = 0; i < 3000; i++)
    mkdirSync(join(at.path, "wide", `directory-${i}`, "inner"), { recursive: true });
  assert.deepEqual(removeTree(at.dir, b("wide")), { removed: 6001, left: [] });
});
