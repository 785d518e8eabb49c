import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { failedWith } from "#src/base/errors.js";
import { type CopyOptions, copyTree } from "#src/path/copy.js";
import { Fd, O_DIRECTORY, O_PATH, openat } from "#src/sys/files.js";
import { getXattr, setXattr } from "#src/sys/xattr.js";
import { scratch } from "../../scratch.js";

const PLAIN: CopyOptions = {
  uid: undefined,
  gid: undefined,
  merge: false,
  making: (_path, _mode, make) => make(),
  failed: (error) => assert.fail(error),
};

function copy(directory: string, from: string, to: string, options = PLAIN): string[] {
  using dir = openat(Fd.cwd, bytes(directory), O_PATH | O_DIRECTORY);
  using source = openat(dir, bytes(from), O_PATH);
  const failed: string[] = [];
  copyTree(source, dir, bytes(to), { ...options, failed: ({ code }) => failed.push(code) });
  return failed;
}

test("a tree is copied with its modes, times, links, nodes and user attributes", (t) => {
  const dir = scratch(t);
  mkdirSync(`${dir}/from/sub`, { recursive: true });
  writeFileSync(`${dir}/from/sub/file`, "content");
  linkSync(`${dir}/from/sub/file`, `${dir}/from/again`);
  symlinkSync("../nowhere", `${dir}/from/link`);
  execFileSync("mkfifo", [`${dir}/from/fifo`]);
  chmodSync(`${dir}/from/sub/file`, 0o4711);
  chmodSync(`${dir}/from/sub`, 0o2750);
  {
    using file = openat(Fd.cwd, bytes(`${dir}/from/sub/file`), O_PATH);
    setXattr(file, "user.note" as Bytes, Buffer.from("kept"));
  }
  for (const name of ["sub/file", "sub", ""]) utimesSync(`${dir}/from/${name}`, 1000.5, 2000.25);
  assert.deepEqual(copy(dir, "from", "to"), []);
  assert.deepEqual(readdirSync(`${dir}/to`).sort(), ["again", "fifo", "link", "sub"]);
  const file = statSync(`${dir}/to/sub/file`);
  assert.equal(file.mode & 0o7777, 0o4711);
  assert.deepEqual([file.atimeMs, file.mtimeMs], [1_000_500, 2_000_250]);
  assert.equal(statSync(`${dir}/to/again`).ino, file.ino);
  assert.equal(file.nlink, 2);
  assert.equal(readFileSync(`${dir}/to/again`, "utf8"), "content");
  assert.equal(readlinkSync(`${dir}/to/link`), "../nowhere");
  assert.ok(lstatSync(`${dir}/to/fifo`).isFIFO());
  assert.equal(statSync(`${dir}/to/sub`).mode & 0o7777, 0o2750);
  assert.equal(statSync(`${dir}/to`).mtimeMs, 2_000_250);
  using copied = openat(Fd.cwd, bytes(`${dir}/to/sub/file`), O_PATH);
  assert.equal(getXattr(copied, "user.note" as Bytes)?.toString(), "kept");
});

test("existing files are not replaced; merging adds missing ones", (t) => {
  const dir = scratch(t);
  for (const name of ["from/both", "to/both"]) mkdirSync(`${dir}/${name}`, { recursive: true });
  writeFileSync(`${dir}/from/both/new`, "new");
  writeFileSync(`${dir}/from/kept`, "other");
  writeFileSync(`${dir}/to/kept`, "own");
  assert.throws(
    () => copy(dir, "from", "to"),
    (error) => failedWith(error, "EEXIST"),
  );
  assert.deepEqual(copy(dir, "from", "to", { ...PLAIN, merge: true }), []);
  assert.equal(readFileSync(`${dir}/to/kept`, "utf8"), "own");
  assert.equal(readFileSync(`${dir}/to/both/new`, "utf8"), "new");
});

test("an empty directory is filled; a symlink in its place is not followed", (t) => {
  const dir = scratch(t);
  for (const name of ["from", "to", "elsewhere"]) mkdirSync(`${dir}/${name}`);
  writeFileSync(`${dir}/from/file`, "x");
  assert.deepEqual(copy(dir, "from", "to"), []);
  assert.deepEqual(readdirSync(`${dir}/to`), ["file"]);
  symlinkSync("elsewhere", `${dir}/link`);
  assert.throws(
    () => copy(dir, "from", "link"),
    (error) => failedWith(error, "ENOTDIR"),
  );
  assert.deepEqual(readdirSync(`${dir}/elsewhere`), []);
});

test("a large file is copied completely, with and without reflinks", (t) => {
  const dir = scratch(t, "/dev/shm");
  const content = Buffer.alloc(5_000_001, "0123456789abcdef");
  writeFileSync(`${dir}/from`, content);
  assert.deepEqual(copy(dir, "from", "to"), []);
  assert.ok(readFileSync(`${dir}/to`).equals(content));
});

test("a deep tree does not overflow the stack", (t) => {
  const depth = 400;
  const dir = scratch(t, "/dev/shm");
  const path = Array.from({ length: depth }, () => "d").join("/");
  mkdirSync(`${dir}/from/${path}`, { recursive: true });
  assert.deepEqual(copy(dir, "from", "to"), []);
  assert.ok(statSync(`${dir}/to/${path}`).isDirectory());
});

test("a copied tree appears complete, and a stopped copy leaves nothing", (t) => {
  const directory = scratch(t);
  mkdirSync(`${directory}/from/inner`, { recursive: true });
  for (const name of ["a", "inner/b", "c"]) writeFileSync(`${directory}/from/${name}`, name);
  const words = new Int32Array(new SharedArrayBuffer(4));
  const seen = new Set<boolean>();
  const making: CopyOptions["making"] = (_path, _mode, make) => {
    make();
    seen.add(readdirSync(directory).includes("to"));
    Atomics.store(words, 0, 1);
  };
  const stop = { words, indexes: [0] };
  assert.throws(() => copy(directory, "from", "to", { ...PLAIN, making, stop }), { name: "Interruption" });
  assert.deepEqual(readdirSync(directory), ["from"]);
  assert.deepEqual([...seen], [false]);
  copy(directory, "from", "to", { ...PLAIN, making });
  assert.deepEqual([...seen], [false]);
  assert.equal(readFileSync(`${directory}/to/inner/b`, "utf8"), "inner/b");
  assert.deepEqual(readdirSync(directory).sort(), ["from", "to"]);
});
