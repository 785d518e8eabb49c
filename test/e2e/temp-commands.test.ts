import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sweepStaleSync } from "#src/index.js";
import { scratch } from "../temp/scratch.js";
import { MAYFLY, mayfly } from "./program.js";

test("mktemp makes a file of 0600, or with -d a directory of 0700", (t) => {
  const dir = scratch(t);
  const file = mayfly(["mktemp", "-p", dir, "--suffix=.txt", "report-XXXXXX"]);
  assert.equal(file.status, 0, file.stderr);
  assert.match(file.stdout, /\/report-[0-9a-f]{32}\.txt\n$/);
  assert.equal(statSync(file.stdout.trim()).mode & 0o7777, 0o600);
  const made = mayfly(["mktemp", "-d"], { env: { TMPDIR: dir } });
  assert.match(made.stdout, /\/tmp\.[0-9a-f]{32}\n$/);
  assert.equal(statSync(made.stdout.trim()).mode & 0o777, 0o700);
  sweepStaleSync({ dir, prefix: "tmp." });
  assert.equal(readdirSync(dir).length, 2);
});

test("mktemp refuses what is unsafe, and what is no template", (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, "shared"), { mode: 0o777 });
  const unsafe = mayfly(["mktemp", "-p", "/proc/self/fd"]);
  assert.equal(unsafe.status, 1);
  assert.equal(unsafe.stdout, "");
  assert.equal(mayfly(["mktemp", "-q", "-p", join(dir, "none")]).stderr, "");
  assert.equal(mayfly(["mktemp", "plain"]).status, 64);
  assert.equal(mayfly(["mktemp", "a/b-XXX"]).status, 64);
});

test("with-dir runs the command with a locked directory, and removes it", (t) => {
  const dir = scratch(t);
  const script = 'flock -n -x "$1" true; echo $?; touch "$1/file"; test "$1" = "$MAYFLY_DIR" && exit 7';
  const ended = mayfly(["with-dir", "-p", dir, "--", "sh", "-c", script, "sh", "{}"]);
  assert.equal(ended.stdout, "1\n", ended.stderr);
  assert.equal(ended.status, 7);
  assert.deepEqual(readdirSync(dir), []);
});

test("with-dir says what could not be run", (t) => {
  const dir = scratch(t);
  // A search path that a plain user may look through: execvp(3) says EACCES of others.
  const env = { PATH: "/usr/bin:/bin" };
  assert.equal(mayfly(["with-dir", "-p", dir, "--", "no-such-command"], { env }).status, 127);
  assert.equal(mayfly(["with-dir", "-p", dir, "--", dir]).status, 126);
  assert.equal(mayfly(["with-dir", "-p", join(dir, "none"), "--", "true"]).status, 125);
  assert.equal(mayfly(["with-dir"]).status, 125);
  assert.deepEqual(readdirSync(dir), []);
});

test("with-dir passes signals on, and ends as the command does", (t) => {
  const dir = scratch(t);
  const ended = mayfly(["with-dir", "-p", dir, "--", "sh", "-c", "kill -TERM $PPID; sleep 20"]);
  assert.equal(ended.status, 143);
  assert.deepEqual(readdirSync(dir), []);
});

test("the command keeps the lock when with-dir itself is killed", async (t) => {
  const dir = scratch(t);
  const script = "echo $$; exec sleep 60 >/dev/null";
  const child = spawn(process.execPath, [MAYFLY, "with-dir", "-p", dir, "--", "sh", "-c", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pid] = await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(sweepStaleSync({ dir }).removed, []);
  process.kill(Number(pid), "SIGKILL");
  while (existsSync(`/proc/${Number(pid)}/fd/3`)) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(sweepStaleSync({ dir }).removed.length, 1);
});
