import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import * as portable from "#src/temp/portable.js";
import { scratch } from "./scratch.js";

const door = pathToFileURL(join(import.meta.dirname, "../../../dist/temp/portable.js")).href;

test("a directory is 0700 under an unguessable name, and goes with what is in it", async (t) => {
  const dir = scratch(t);
  const made = portable.mkdtempSync({ dir });
  assert.match(made.path, /\/mayfly-[0-9a-f]{32}$/);
  assert.equal(statSync(made.path).mode & 0o777, 0o700);
  assert.equal(made.backing, "directory");
  mkdirSync(join(made.path, "a/b"), { recursive: true });
  await made.remove();
  assert.deepEqual(readdirSync(dir), []);
  const kept = portable.mkdtempSync({ dir });
  kept.detach();
  kept.removeSync();
  assert.ok(existsSync(kept.path));
});

test("a file is 0600, appends, streams, and goes", async (t) => {
  const dir = scratch(t);
  {
    using file = portable.mkstempSync({ dir, suffix: ".txt", content: "one " });
    await file.append("two");
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.equal(await text(file.createReadStream()), "one two");
    await using handle = await file.handle();
    assert.equal(await handle.readFile("utf8"), "one two");
  }
  portable.openTempSync({ dir }).closeSync();
  assert.deepEqual(readdirSync(dir), []);
});

test("persist replaces only where it was asked to", (t) => {
  const dir = scratch(t);
  const target = join(dir, "target");
  writeFileSync(target, "old");
  using file = portable.openTempSync({ dir, content: "new" });
  assert.throws(() => file.persistSync(target), { code: "EEXIST" });
  file.persistSync(target, { replace: true, mode: 0o644 });
  file.closeSync();
  assert.equal(readFileSync(target, "utf8"), "new");
  assert.deepEqual(readdirSync(dir), ["target"]);
});

test("withTempDir removes the directory however the callback ends", async (t) => {
  const dir = scratch(t);
  assert.equal(await portable.withTempDir(async ({ path }) => existsSync(path), { dir }), true);
  const fail = (): never => {
    throw new RangeError("mine");
  };
  assert.throws(() => portable.withTempDirSync(fail, { dir }), RangeError);
  assert.deepEqual(readdirSync(dir), []);
});

test("what is left goes with the process", (t) => {
  const dir = scratch(t);
  const program = `const m = await import(${JSON.stringify(door)});
    m.mkdtempSync({ dir: ${JSON.stringify(dir)} }); m.mkstempSync({ dir: ${JSON.stringify(dir)} }); process.exit(3);`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  assert.equal(status, 3, stderr);
  assert.deepEqual(readdirSync(dir), []);
});
