import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { type TestContext, test } from "node:test";
import {
  mkdtempSync,
  mkstempSync,
  openTemp,
  openTempSync,
  TempSpaceError,
  withTempDir,
  withTempDirSync,
} from "#src/index.js";
import { scratch } from "../scratch.js";
import { needsRoot } from "../unit/temp/environment.js";

const skip = needsRoot;
const KIB = 1024;
const tooMuch = Buffer.alloc(256 * KIB, 1);

/** A small tmpfs, and beside it a directory with free space. */
function places(t: TestContext, options = "size=64k"): { small: string; roomy: string } {
  const base = scratch(t);
  const [small, roomy] = [join(base, "small"), join(base, "roomy")];
  mkdirSync(small);
  mkdirSync(roomy);
  execFileSync("mount", ["-t", "tmpfs", "-o", `${options},mode=700`, "tmpfs", small]);
  return { small, roomy };
}

function requireSpaceError(error: unknown, dir: string): true {
  assert.ok(error instanceof TempSpaceError);
  assert.equal(error.code, "ENOSPC");
  assert.equal(error.dir, dir);
  assert.equal(error.tried[0]?.dir, dir);
  assert.ok(error.freeBytes >= 0 && error.freeBytes <= 64 * KIB);
  assert.match(error.message, /bytes and \d+ inodes are free/);
  assert.match(error.message, /TMPDIR/);
  return true;
}

test("content that does not fit is an error and leaves nothing", { skip }, (t) => {
  const { small: dir } = places(t);
  for (const make of [mkstempSync, openTempSync]) {
    assert.throws(
      () => make({ dir, content: tooMuch }),
      (error) => requireSpaceError(error, dir),
    );
    assert.throws(
      () => make({ dir, reserve: tooMuch.length }),
      (error) => requireSpaceError(error, dir),
    );
  }
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(Number(statSync(dir).size), 40);
  mkstempSync({ dir, content: Buffer.alloc(60 * KIB) }).removeSync();
});

test("content that does not fit goes to the fallback", { skip }, (t) => {
  const { small: dir, roomy } = places(t);
  for (const make of [mkstempSync, openTempSync]) {
    using file = make({ dir, fallback: [dir, roomy], content: tooMuch });
    assert.equal(statSync(`/proc/self/fd/${file.fd}`).dev, statSync(roomy).dev);
  }
  assert.deepEqual(readdirSync(dir), []);
});

test("an append that does not fit leaves the file as it was", { skip }, async (t) => {
  const { small: dir } = places(t);
  using named = mkstempSync({ dir, content: "kept" });
  using anonymous = await openTemp({ dir, content: "kept" });
  for (const file of [named, anonymous]) {
    assert.throws(
      () => file.appendSync(tooMuch),
      (error) => requireSpaceError(error, dir),
    );
    await assert.rejects(file.append(tooMuch), (error) => requireSpaceError(error, dir));
    await assert.rejects(pipeline([tooMuch], file.createWriteStream()), TempSpaceError);
    assert.equal(await text(file.createReadStream()), "kept");
  }
});

test("an anonymous file that outgrows its file system moves to the next place", { skip }, async (t) => {
  const { small: dir, roomy } = places(t);
  await using file = await openTemp({ dir, fallback: [roomy], content: "first " });
  await file.append(tooMuch);
  await file.append(" last");
  const whole = await text(file.createReadStream());
  assert.ok(whole.startsWith("first \x01") && whole.endsWith("\x01 last"));
  assert.equal(whole.length, tooMuch.length + 11);
  await file.persist(join(roomy, "whole"));
  assert.equal(statSync(join(roomy, "whole")).size, whole.length);
});

test("without free inodes, the error or the fallback follows", { skip }, (t) => {
  const { small: dir, roomy } = places(t, "size=1m,nr_inodes=4");
  const held = [1, 2, 3].map(() => mkdtempSync({ dir }));
  for (const make of [mkdtempSync, mkstempSync, openTempSync]) {
    assert.throws(
      () => make({ dir }),
      (error) => error instanceof TempSpaceError && error.freeInodes === 0 && error.freeBytes > 0,
    );
    using made = make({ dir, fallback: [roomy] });
    assert.ok(made.fd >= 0);
  }
  for (const made of held) made.removeSync();
  assert.deepEqual(readdirSync(dir), []);
});

test("a callback that fails on a full disk runs again in the next place", { skip }, async (t) => {
  const { small: dir, roomy } = places(t);
  const write = ({ path }: { path: string }): string => {
    writeFileSync(join(path, "file"), tooMuch);
    return path;
  };
  assert.ok((await withTempDir(async (made) => write(made), { dir, fallback: [roomy] })).startsWith(roomy));
  assert.ok(withTempDirSync(write, { dir, fallback: [roomy] }).startsWith(roomy));
  assert.throws(
    () => withTempDirSync(write, { dir }),
    (error) => requireSpaceError(error, dir),
  );
  for (const place of [dir, roomy]) assert.deepEqual(readdirSync(place), []);
});

test("a full disk elsewhere does not restart the callback", { skip }, (t) => {
  const { small, roomy } = places(t);
  let calls = 0;
  assert.throws(
    () =>
      withTempDirSync(
        () => {
          calls++;
          mkdirSync(join(small, "a"));
          throw Object.assign(new Error("full"), { code: "ENOSPC", path: join(small, "b") });
        },
        { dir: roomy, fallback: [roomy] },
      ),
    { message: "full" },
  );
  assert.equal(calls, 1);
});

test("a persist that does not fit creates no name and loses nothing", { skip }, async (t) => {
  const { small, roomy } = places(t);
  writeFileSync(join(small, "target"), "old");
  for (const file of [openTempSync({ dir: roomy }), mkstempSync({ dir: roomy })]) {
    writeSync(file.fd, tooMuch);
    await assert.rejects(file.persist(join(small, "target"), { replace: true }), TempSpaceError);
    assert.deepEqual(readdirSync(small), ["target"]);
    await file.persist(join(roomy, "target"), { replace: true });
    assert.equal(statSync(join(roomy, "target")).size, tooMuch.length);
    file[Symbol.dispose]();
  }
});
