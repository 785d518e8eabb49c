import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { mkdtempSync, RemovalError, withMount, withMountSync } from "#src/index.js";
import { scratch } from "../scratch.js";
import { needsRoot } from "../unit/temp/environment.js";
import { runProgram } from "../unit/temp/program.js";

const skip = needsRoot;
const MOUNTS = "/run/mayfly";
const mounts = (): string[] =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(`${MOUNTS}/`));
const points = (): string[] => (existsSync(MOUNTS) ? readdirSync(MOUNTS) : []);
const tmpfs = { type: "tmpfs", options: { size: "1m" } } as const;

test("withMount mounts, calls back, unmounts and removes the mount point", { skip }, async () => {
  const path = await withMount("none", tmpfs, async (point) => {
    assert.equal(mounts().length, 1);
    assert.ok(point.startsWith(MOUNTS));
    writeFileSync(join(point, "file"), "x");
    return point;
  });
  assert.equal(existsSync(path), false);
  assert.deepEqual([mounts(), points()], [[], []]);
});

test("a callback that throws, or keeps the mount in use, does not prevent the unmount", { skip }, () => {
  const fail = (point: string): never => {
    const child = execFileSync("sh", ["-c", `cd ${point}; sleep 0.5 >/dev/null 2>&1 & echo $!`]);
    assert.ok(Number(child) > 0);
    throw new RangeError("mine");
  };
  assert.throws(() => withMountSync("none", tmpfs, fail), RangeError);
  assert.deepEqual([mounts(), points()], [[], []]);
});

test("a failed mount leaves no mount point", { skip }, () => {
  assert.throws(() => withMountSync("none", { type: "no-such-type" }, () => 0), { code: "ENODEV" });
  assert.deepEqual([mounts(), points()], [[], []]);
});

test("a bind mount shows the directory, read-only if requested, and removes nothing", { skip }, (t) => {
  const dir = scratch(t);
  writeFileSync(join(dir, "precious"), "x");
  withMountSync(dir, { type: "bind", readOnly: true }, (point) => {
    assert.equal(readFileSync(join(point, "precious"), "utf8"), "x");
    assert.throws(() => writeFileSync(join(point, "new"), ""), { code: "EROFS" });
  });
  assert.deepEqual(readdirSync(dir), ["precious"]);
});

for (const [how, left] of [
  ["process.exit(0)", false],
  ['await mayfly.cleanupOnSignal(); process.kill(process.pid, "SIGTERM"); for (;;);', false],
  ['process.kill(process.pid, "SIGKILL")', true],
] as const) {
  test(`a program that dies inside by ${how}`, { skip }, (t: TestContext) => {
    const dir = scratch(t);
    writeFileSync(join(dir, "precious"), "x");
    runProgram(
      `await mayfly.withMount(data, { type: "bind" }, async () => { ${how}; await new Promise(() => {}); });`,
      dir,
    );
    assert.equal(mounts().length, left ? 1 : 0);
    // The next call finds the leftover mount point.
    withMountSync("none", tmpfs, () => assert.equal(mounts().length, 1));
    assert.deepEqual([mounts(), points()], [[], []]);
    assert.deepEqual(readdirSync(dir), ["precious"]);
  });
}

test("removing a directory skips and reports a mount inside", { skip }, (t) => {
  const made = mkdtempSync({ dir: scratch(t) });
  const inner = join(made.path, "a/mount");
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(made.path, "a/file"), "x");
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", inner]);
  writeFileSync(join(inner, "precious"), "x");
  assert.throws(
    () => made.removeSync(),
    (error) => error instanceof RemovalError && error.left.length > 0,
  );
  assert.deepEqual(readdirSync(inner), ["precious"]);
  assert.deepEqual(readdirSync(join(made.path, "a")), ["mount"]);
  execFileSync("umount", [inner]);
  made.removeSync();
  assert.throws(() => statSync(made.path), { code: "ENOENT" });
});
