/** What users who may write below a watched directory can do to root's watch. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { Fd, RENAME_EXCHANGE, renameat2 } from "#src/sys/files.js";
import { whileWatching } from "../e2e/watcher.js";
import { scratch } from "../scratch.js";
import { NEEDS_ROOT } from "../unit/inspect/watching.js";

const skip = NEEDS_ROOT;
const FILE_SYSTEMS = [undefined, "/dev/shm"];

function exchange(one: string, other: string): void {
  renameat2(Fd.cwd, bytes(one), Fd.cwd, bytes(other), RENAME_EXCHANGE);
}

/** Directories that are moved out, back, into one another and exchanged, all before the watch reads the first event. */
function eightRenames(inside: string, outside: string): void {
  const [a, c] = [join(inside, "a"), join(inside, "c")];
  for (const path of [a, c]) mkdirSync(path);
  renameSync(c, join(outside, "c"));
  renameSync(join(outside, "c"), c);
  mkdirSync(join(c, "a"));
  exchange(a, c);
  mkdirSync(join(c, "c"));
  exchange(join(c, "c"), a);
}

const eventsOf = (stdout: string): { type: string; op: string; path: string }[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "event");

for (const below of FILE_SYSTEMS) {
  test(`renames that contradict a scan do not end the watch, below ${below ?? "/tmp"}`, {
    skip,
  }, async (t) => {
    const dir = scratch(t, below);
    const [inside, outside] = [mkdtempSync(join(dir, "in-")), mkdtempSync(join(dir, "out-"))];
    const { stdout } = await whileWatching(["--json", inside], () => {
      for (let round = 0; round < 20; round++) {
        eightRenames(inside, outside);
        for (const name of ["a", "c"]) rmSync(join(inside, name), { recursive: true });
      }
      writeFileSync(join(inside, "last"), "");
    });
    assert.ok(eventsOf(stdout).some(({ op, path }) => op === "create" && path === join(inside, "last")));
  });
}

/** Undone at the end of the block: before the directory itself is removed. */
function bind(from: string, to: string): Disposable {
  const mounted = spawnSync("mount", ["--bind", from, to], { encoding: "utf8" });
  assert.equal(mounted.status, 0, mounted.stderr);
  return { [Symbol.dispose]: () => void spawnSync("umount", ["-l", to]) };
}

test("a directory that is bind-mounted below itself, at the start or later", { skip }, async (t) => {
  const dir = scratch(t);
  for (const path of ["x/m", "x/n", "y"]) mkdirSync(join(dir, path), { recursive: true });
  using _ = bind(dir, join(dir, "x/m"));
  const { stdout } = await whileWatching(["--json", dir], () => {
    writeFileSync(join(dir, "y/early"), "");
    {
      using _ = bind(dir, join(dir, "x/n"));
      spawnSync("sleep", ["1.2"]);
      mkdirSync(join(dir, "x/n/new"));
    }
    spawnSync("sleep", ["1.2"]);
    writeFileSync(join(dir, "late"), "");
  });
  const created = eventsOf(stdout).flatMap(({ op, path }) => (op === "create" ? [path] : []));
  assert.deepEqual(created, [join(dir, "y/early"), join(dir, "new"), join(dir, "late")]);
});
