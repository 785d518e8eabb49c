import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sweepStaleSync } from "#src/index.js";
import { firstOutput, untilDead } from "../children.js";
import { kill } from "../runner/processes.js";
import { scratch } from "../scratch.js";
import { MAYFLY, mayfly, start } from "./program.js";

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

test("mktemp refuses what is unsafe, and what is not a template", (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, "shared"), { mode: 0o777 });
  const unsafe = mayfly(["mktemp", "-p", "/proc/self/fd"]);
  assert.equal(unsafe.status, 1);
  assert.equal(unsafe.stdout, "");
  assert.equal(mayfly(["mktemp", "-q", "-p", join(dir, "none")]).stderr, "");
  const refused: [string[], RegExp][] = [
    [["plain"], /invalid template "plain": must contain XXX/],
    [["plain.txt"], /must contain XXX/],
    [["aXXX/b"], /must contain XXX in its last component/],
    [["dirXXX/"], /must contain XXX in its last component/],
    [["--suffix=.txt", "aXXX.log"], /must end with XXX if --suffix is given/],
    [["--suffix=a/b", "aXXX"], /invalid suffix "a\/b": must not contain/],
    [["-p", dir, "/tmp/aXXX"], /must not be an absolute path if --tmpdir is given/],
    [["-t", "a/bXXX"], /must not contain "\/" if -t is given/],
    [["-u"], /a name alone protects nothing: create a directory with "mayfly mktemp -d"/],
    [["--dry-run"], /a name alone protects nothing/],
    [["aXXX", "bXXX"], /at most one TEMPLATE/],
  ];
  for (const [args, message] of refused) {
    const { status, stderr, stdout } = mayfly(["mktemp", ...args], { env: { TMPDIR: dir } });
    assert.equal(status, 64, args.join(" "));
    assert.match(stderr, message);
    assert.equal(stdout, "");
  }
  assert.deepEqual(readdirSync(dir), ["shared"]);
});

test("mktemp accepts the templates of mktemp(1)", (t) => {
  const dir = scratch(t);
  const other = scratch(t);
  mkdirSync(join(dir, "sub"));
  const R = "[0-9a-f]{32}";
  const env = { TMPDIR: dir };
  const forms: [string[], string][] = [
    [["report-XXX.txt"], `${dir}/report-${R}\\.txt`],
    [["XXXXXX"], `${dir}/${R}`],
    [["aXXXbXXXX.tar.gz"], `${dir}/aXXXb${R}\\.tar\\.gz`],
    [[join(dir, "sub/logXXX.txt")], `${dir}/sub/log${R}\\.txt`],
    [["sub/relXXX"], `${dir}/sub/rel${R}`],
    [["-p", dir, "sub/belowXXX"], `${dir}/sub/below${R}`],
    [["-p", other, "-t", "preferXXX"], `${dir}/prefer${R}`],
    [["-p", other, "otherXXX"], `${other}/other${R}`],
    [["-p", "", "emptyXXX"], `${dir}/empty${R}`],
  ];
  for (const kind of [[], ["-d"]]) {
    for (const [args, path] of forms) {
      const { stdout, stderr, status } = mayfly(["mktemp", ...kind, ...args], { env, cwd: dir });
      assert.equal(status, 0, stderr);
      assert.match(stdout, new RegExp(`^${path}\n$`));
      assert.equal(statSync(stdout.trim()).isDirectory(), kind.length > 0);
    }
  }
});

test("mktemp removes the file if its name could not be printed", (t) => {
  const dir = scratch(t);
  for (const kind of ["", "-d"]) {
    const args = [process.execPath, MAYFLY, "mktemp", ...kind.split(" ").filter(Boolean), "-p", dir];
    const ended = start("sh", ["-c", '"$0" "$@" >/dev/full', ...args]);
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /No space left on device/);
    assert.deepEqual(readdirSync(dir), []);
  }
});

test("errors name the variable or the directory, and the reason", (t) => {
  const dir = scratch(t);
  writeFileSync(join(dir, "file"), "");
  const places: [string, RegExp][] = [
    [
      join(dir, "none/below"),
      /none\/below \(from the environment variable TMPDIR\): No such file or directory/,
    ],
    [join(dir, "file"), /file \(from the environment variable TMPDIR\): Not a directory/],
    [join(dir, "file/below"), /file\/below \(from the environment variable TMPDIR\): Not a directory/],
    ["relative", /the environment variable TMPDIR must be an absolute path/],
    ["/proc/self/fdinfo", /TMPDIR/],
  ];
  for (const [place, message] of places) {
    for (const [status, ...command] of [
      [1, "mktemp"],
      [1, "mktemp", "-d"],
      [125, "with-dir", "true"],
    ] as const) {
      const ended = mayfly(command, { env: { TMPDIR: place } });
      assert.equal(ended.status, status, ended.stderr);
      assert.match(ended.stderr, message);
      assert.doesNotMatch(ended.stderr, /openat|mkdirat|ENOENT|ENOTDIR/);
    }
  }
  const named = mayfly(["mktemp", "-p", join(dir, "none")]);
  assert.match(named.stderr, /cannot create temporary files in .*\/none: No such file or directory\n$/);
});

test("with-dir runs the command with a locked directory, and removes it", (t) => {
  const dir = scratch(t);
  const script = 'flock -n -x "$1" true; echo $?; touch "$1/file"; test "$1" = "$MAYFLY_DIR" && exit 7';
  const ended = mayfly(["with-dir", "-p", dir, "--", "sh", "-c", script, "sh", "{}"]);
  assert.equal(ended.stdout, "1\n", ended.stderr);
  assert.equal(ended.status, 7);
  assert.deepEqual(readdirSync(dir), []);
});

test("with-dir reports a command that could not be run", (t) => {
  const dir = scratch(t);
  // A search path that a plain user may look through: execvp(3) says EACCES of others.
  const env = { PATH: "/usr/bin:/bin" };
  const unknown = mayfly(["with-dir", "-p", dir, "--", "no-such-command"], { env });
  assert.equal(unknown.status, 127);
  assert.equal(unknown.stderr, "mayfly with-dir: no-such-command: command not found\n");
  const refused = mayfly(["with-dir", "-p", dir, "--", dir]);
  assert.equal(refused.status, 126);
  assert.match(refused.stderr, /: Permission denied\n$/);
  assert.equal(mayfly(["with-dir", "-p", join(dir, "none"), "--", "true"]).status, 125);
  assert.equal(mayfly(["with-dir"]).status, 125);
  assert.deepEqual(readdirSync(dir), []);
});

test("with-dir forwards signals, and exits as the command does", (t) => {
  const dir = scratch(t);
  const ended = mayfly(["with-dir", "-p", dir, "--", "sh", "-c", "kill -TERM $PPID; exec sleep 20"]);
  assert.equal(ended.status, 143);
  assert.deepEqual(readdirSync(dir), []);
});

test("the command keeps the lock when with-dir itself is killed", async (t) => {
  const dir = scratch(t);
  const script = "echo $$; exec sleep 60 >/dev/null";
  const child = spawn(process.execPath, [MAYFLY, "with-dir", "-p", dir, "--", "sh", "-c", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const pid = Number(await firstOutput(child));
  t.after(() => kill(pid));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(sweepStaleSync({ dir }).removed, []);
  kill(pid);
  await untilDead(pid);
  assert.equal(sweepStaleSync({ dir }).removed.length, 1);
});
