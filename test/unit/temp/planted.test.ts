import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { makeDirectory } from "#src/temp/directory.js";
import { newFile } from "#src/temp/new-file.js";
import { openTempParent } from "#src/temp/parent.js";
import { scratch } from "../../scratch.js";

// Nobody can guess 128 bits; here the names are known in advance, and already taken.
const PLANTED = ["file", "directory", "link-to-file", "link-to-directory", "link-to-nothing"];
const parts = { prefix: "" as Bytes, suffix: "" as Bytes };

function plant(folder: string): string {
  const dir = join(folder, "parent");
  mkdirSync(dir);
  mkdirSync(join(folder, "outside"));
  writeFileSync(join(folder, "outside/file"), "theirs");
  writeFileSync(join(dir, "file"), "theirs");
  mkdirSync(join(dir, "directory"));
  symlinkSync(join(folder, "outside/file"), join(dir, "link-to-file"));
  symlinkSync(join(folder, "outside"), join(dir, "link-to-directory"));
  symlinkSync(join(folder, "outside/new"), join(dir, "link-to-nothing"));
  return dir;
}

const predicted = (): (() => Bytes) => {
  const names = [...PLANTED, "free"];
  return () => bytes(names.shift() ?? "");
};

function requireUntouched(folder: string, dir: string): void {
  assert.deepEqual(readdirSync(join(folder, "outside")), ["file"]);
  assert.equal(readFileSync(join(folder, "outside/file"), "utf8"), "theirs");
  assert.equal(readFileSync(join(dir, "file"), "utf8"), "theirs");
  assert.deepEqual(readdirSync(join(dir, "directory")), []);
}

test("a new directory is never a planted one", (t) => {
  const folder = scratch(t);
  const dir = plant(folder);
  using parent = openTempParent(bytes(dir));
  using made = makeDirectory(parent, parts, predicted());
  assert.equal(made.path, join(dir, "free"));
  requireUntouched(folder, dir);
});

test("a new file is never a planted one", (t) => {
  const folder = scratch(t);
  const dir = plant(folder);
  using parent = openTempParent(bytes(dir));
  const { name, fd } = newFile(parent.fd, parts, predicted());
  assert.equal(name, "free");
  assert.ok(existsSync(join(dir, "free")));
  requireUntouched(folder, dir);
  fd.close();
});
