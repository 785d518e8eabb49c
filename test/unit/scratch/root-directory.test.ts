/** The checks of the root before anything is removed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { SECOND } from "#src/base/time.js";
import { MARKER, openRoot, requireSmallSkew } from "#src/scratch/root-directory.js";
import { runLimit } from "#src/scratch/run-limit.js";
import { Fd, O_DIRECTORY, openat } from "#src/sys/files.js";
import { needsRoot } from "../../requirements.js";
import { scratch } from "../../scratch.js";

const MINUTE = 60n * SECOND;

test("a clock that differs by two minutes is refused, in either direction, with advice", () => {
  const path = bytes("/scratch");
  assert.throws(
    () => requireSmallSkew(path, 120n * SECOND, MINUTE),
    /file system of \/scratch is 2min ahead of this host's\. Nothing is removed: synchronize the clocks, or raise --max-skew/,
  );
  assert.throws(() => requireSmallSkew(path, -120n * SECOND, MINUTE), /is 2min behind this host's/);
  requireSmallSkew(path, -59n * SECOND, MINUTE);
});

test("the file system's time is the present", (t) => {
  const path = scratch(t);
  writeFileSync(join(path, MARKER), "", { mode: 0o600 });
  using root = openRoot(bytes(path), MINUTE);
  assert.ok(root.now > 0n);
});

test("a marker that is a symlink, a directory or somebody else's is refused", { skip: needsRoot }, (t) => {
  const path = scratch(t);
  const open = (): void => openRoot(bytes(path), MINUTE)[Symbol.dispose]();
  mkdirSync(join(path, MARKER));
  assert.throws(open, /EISDIR/);
  assert.equal(spawnSync("rmdir", [join(path, MARKER)]).status, 0);
  writeFileSync(join(path, MARKER), "", { mode: 0o644 });
  chownSync(join(path, MARKER), 65_534, 65_534);
  assert.throws(
    open,
    /belongs to user 65534, not to user 0\. If root created it: The server treats root as another/,
  );
  assert.equal(spawnSync("rm", [join(path, MARKER)]).status, 0);
  assert.equal(spawnSync("ln", ["-s", "/etc/hostname", join(path, MARKER)]).status, 0);
  assert.throws(open, /ELOOP/);
});

test("a limit is a number or a percentage", (t) => {
  using root = openat(Fd.cwd, bytes(scratch(t)), O_DIRECTORY);
  assert.equal(runLimit("5", root).isExceededBy(5), false);
  assert.equal(runLimit("5", root).isExceededBy(6), true);
  for (const text of ["", "-1", "1.5", "101%", "5 %", "all"])
    assert.throws(() => runLimit(text, root), /is not a valid limit/);
});
