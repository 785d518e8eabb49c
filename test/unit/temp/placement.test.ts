import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Bytes } from "#src/base/bytes.js";
import { mkdtempSync, mkstempSync, openTempSync, tempRootSync, UnsafePathError } from "#src/index.js";
import { parseMountInfo } from "#src/sys/mountinfo.js";
import { isUpIn } from "#src/temp/early-boot.js";
import { cannotBeNobody } from "../../ordinary-user.js";
import { scratch } from "../../scratch.js";
import { isRoot, needsRoot, useRuntimeDir, withTmpdir } from "./environment.js";
import { program } from "./program.js";

const makers = { mkdtempSync, mkstempSync, openTempSync };

test("TMPDIR is read anew at each call", (t) => {
  const [first, second] = [scratch(t), scratch(t)];
  for (const dir of [first, second, first]) {
    withTmpdir(dir, () => {
      using made = mkdtempSync();
      assert.equal(dirname(made.path), dir);
      assert.equal(tempRootSync(), dir);
      assert.equal(tempRootSync("large"), dir);
    });
  }
  withTmpdir("", () => {
    assert.equal(tempRootSync("small"), "/tmp");
    assert.equal(tempRootSync("large"), "/var/tmp");
  });
});

test("a TMPDIR that is relative is refused", () => {
  withTmpdir("tmp", () => assert.throws(() => mkdtempSync(), { code: "NOT_NORMALIZED" }));
});

test("a cached TMPDIR is checked again", (t) => {
  const dir = scratch(t);
  withTmpdir(dir, () => {
    mkdtempSync().removeSync();
    chmodSync(dir, 0o777);
    assert.throws(() => mkdtempSync(), { code: "UNSAFE_PARENT" });
    chmodSync(dir, 0o1777);
    mkdtempSync().removeSync();
  });
});

test("a TMPDIR that was removed and created again works", (t) => {
  const dir = join(scratch(t), "tmp");
  for (let round = 0; round < 3; round++) {
    mkdirSync(dir);
    withTmpdir(dir, () => {
      for (const make of Object.values(makers)) {
        using made = make();
        assert.ok(made.fd >= 0);
      }
    });
    rmdirSync(dir);
  }
});

for (const [name, make] of Object.entries(makers)) {
  const refuses = (dir: string, why: RegExp): void =>
    assert.throws(
      () => make({ dir }),
      (error) =>
        error instanceof UnsafePathError && error.code === "UNSAFE_PARENT" && why.test(error.message),
    );

  test(`${name} refuses a world-writable directory unless it is sticky`, (t) => {
    const dir = scratch(t);
    chmodSync(dir, 0o777);
    refuses(dir, /world-writable/);
    mkdirSync(join(dir, "below"), 0o700);
    refuses(join(dir, "below"), /world-writable/);
    chmodSync(dir, 0o1777);
    make({ dir })[Symbol.dispose]();
    assert.deepEqual(readdirSync(dir), ["below"]);
  });

  test(`${name} refuses a symlink, and follows only trusted ones on the way`, (t) => {
    const dir = scratch(t);
    mkdirSync(join(dir, "real"));
    mkdirSync(join(dir, "real/inner"));
    symlinkSync("real", join(dir, "link"));
    refuses(join(dir, "link"), /is a symlink/);
    make({ dir: join(dir, "link/inner") })[Symbol.dispose]();
    chmodSync(dir, 0o1777);
    refuses(join(dir, "link/inner"), /symlink in a directory that is writable by other users/);
  });

  test(`${name} refuses a directory of another user`, { skip: needsRoot }, (t) => {
    const dir = scratch(t);
    chownSync(dir, 65534, 65534);
    refuses(dir, /belongs to uid 65534/);
    mkdirSync(join(dir, "below"));
    refuses(join(dir, "below"), /belongs to uid 65534/);
  });

  test(`${name} passes on the kernel's error for a path that is not a directory`, (t) => {
    const dir = scratch(t);
    writeFileSync(join(dir, "file"), "");
    assert.throws(() => make({ dir: join(dir, "file") }), { code: "ENOTDIR" });
    assert.throws(() => make({ dir: join(dir, "none") }), { code: "ENOENT" });
  });
}

/** A host at some moment of its boot, described by its unit files and its mounts. */
function boot(t: Parameters<typeof scratch>[0], units: readonly string[], mounts: string, active?: boolean) {
  const root = scratch(t);
  mkdirSync(join(root, "run/systemd/system"), { recursive: true });
  mkdirSync(join(root, "run/systemd/generator/local-fs.target.requires"), { recursive: true });
  for (const unit of units)
    writeFileSync(join(root, "run/systemd/generator/local-fs.target.requires", unit), "");
  const table = parseMountInfo(mounts as Bytes);
  return { root, mounts: () => table, localFileSystemsActive: () => active };
}

const ROOT = "20 1 8:1 / / rw - ext4 /dev/a rw\n";
const VAR = "21 20 8:2 / /var rw - ext4 /dev/b rw\n";
const at = (path: string): Bytes => path as Bytes;

test("early boot: a directory is not ready before its mount", (t) => {
  const units = ["-.mount", "var.mount", "mnt-a\\x2db.mount"];
  const early = boot(t, units, ROOT);
  assert.equal(isUpIn(at("/var/tmp"), early), false);
  assert.equal(isUpIn(at("/mnt/a-b/tmp"), early), false);
  assert.equal(isUpIn(at("/tmp"), early), true);
  assert.equal(isUpIn(at("/var/tmp"), boot(t, units, ROOT + VAR)), true);
});

test("early boot: a directory is not ready while it is read-only", (t) => {
  assert.equal(isUpIn(at("/tmp"), boot(t, [], ROOT.replace(" rw -", " ro -"))), false);
});

test("early boot: systemd decides about a mount that never happens", (t) => {
  assert.equal(isUpIn(at("/var/tmp"), boot(t, ["var.mount"], ROOT, true)), true);
  assert.equal(isUpIn(at("/var/tmp"), boot(t, ["var.mount"], ROOT, false)), false);
});

test("a host without systemd has no early boot", (t) => {
  const state = { ...boot(t, ["var.mount"], ROOT), root: scratch(t) };
  assert.equal(isUpIn(at("/var/tmp"), state), true);
});

test("in early boot, an anonymous file is in memory", () => {
  const runtime = process.env.XDG_RUNTIME_DIR;
  delete process.env.XDG_RUNTIME_DIR;
  using file = openTempSync({ earlyBoot: true, content: "x" });
  if (runtime !== undefined) process.env.XDG_RUNTIME_DIR = runtime;
  assert.equal(file.backing, "memfd");
});

test("a user without a home directory is told which variable to set", { skip: cannotBeNobody }, () => {
  const print = "try { mayfly.stateDirSync('x'); } catch (error) { console.log(error.code, error.message); }";
  const { stdout, stderr } = spawnSync(process.execPath, program(print), {
    uid: 54_321,
    gid: 54_321,
    cwd: "/",
    env: { PATH: process.env.PATH },
    encoding: "utf8",
  });
  assert.equal(
    stdout,
    "UNSAFE_PARENT HOME: is not set, and the user database has no home directory of this user (set XDG_STATE_HOME)\n",
    stderr,
  );
});

test("in early boot, a directory is below /run or $XDG_RUNTIME_DIR", (t) => {
  const own = isRoot ? "/run/mayfly" : scratch(t);
  if (!isRoot) useRuntimeDir(t, own);
  using made = mkdtempSync({ earlyBoot: true });
  assert.ok(made.path.startsWith(`${own}/`));
});
