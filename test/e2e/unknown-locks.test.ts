/** Locks that the kernel refuses to take, as on network file systems: strace(1) makes flock(2) and fstatfs(2) fail or lie. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endWithTest, firstOutput } from "../children.js";
import { has, isRoot, MAYFLY, type Result, Scratch, start } from "./program.js";

function skip(): string | false {
  if (!isRoot) return "an ordinary user may not trace here";
  if (!has("strace")) return "needs strace, which makes the call fail";
  const { status } = start("strace", ["-qq", "-o", "/dev/null", "true"]);
  return status === 0 ? false : "strace may trace nothing here";
}

const OLD = new Date("2001-01-01T00:00:00Z");
/** statfs(2): f_type, the first word, is NFS_SUPER_MAGIC. */
const NFS = "fstatfs:poke_exit=@arg2=69690000";

function cleanUnder(injections: readonly string[], ...args: string[]): Result {
  const inject = injections.flatMap((each) => ["-e", `inject=${each}`]);
  const trace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=flock,fstatfs", ...inject];
  return start("strace", [...trace, process.execPath, MAYFLY, ...args]);
}

function oldFile(...path: string[]): string {
  const file = join(...path);
  writeFileSync(file, "");
  utimesSync(file, OLD, OLD);
  return file;
}

for (const code of ["ENOLCK", "EOPNOTSUPP", "EBADF"])
  for (const letter of ["d", "R"])
    test(`${letter}: what flock fails on with ${code} is kept`, { skip: skip() }, () => {
      using scratch = new Scratch();
      const tree = join(scratch.path, "tree");
      mkdirSync(tree);
      const file = oldFile(tree, "file");
      const line = `${letter} ${tree} - - - mM:1d`;
      for (const dryRun of [["--dry-run"], []]) {
        const clean = ["clean", "--verbose", ...dryRun, "--jobs=1", "--inline", line];
        // Only where the lock may be another host's does a dry run ask for it.
        const { stdout, stderr } = cleanUnder([`flock:error=${code}`, NFS], ...clean);
        assert.doesNotMatch(stdout, /removed? \//, stderr);
        assert.match(stdout, /possibly locked: flock\(2\) fails \(/);
        assert.ok(existsSync(file));
      }
      if (letter === "R") return; // its own path is locked, so that nothing below is looked at
      const config = join(scratch.path, "locks.conf");
      writeFileSync(config, `${line}\n`);
      const explain = ["explain", "--json", `--config=${config}`, file];
      const { stdout } = cleanUnder([`flock:error=${code}`, NFS], ...explain);
      const [explained] = stdout.trim().split("\n");
      assert.match(explained ?? "", new RegExp(`"code":"locked","at":"[^"]*","detail":"${code}"`));
    });

test("EBADF on a descriptor for reading: the lock is taken on one for writing", {
  skip: skip(),
}, async () => {
  using scratch = new Scratch();
  const tree = join(scratch.path, "tree");
  mkdirSync(tree);
  const file = oldFile(tree, "file");
  const clean = ["clean", "--verbose", "--jobs=1", "--inline", `d ${tree} - - - mM:1d`];
  const once = ["flock:error=EBADF:when=1"];
  const holder = endWithTest(spawn("flock", [file, "sh", "-c", "echo locked; exec sleep 60"]));
  await firstOutput(holder);
  assert.match(cleanUnder(once, ...clean).stdout, /kept .*file: locked by a process/);
  holder.kill("SIGKILL");
  start("flock", [file, "true"]);
  cleanUnder(once, ...clean);
  assert.deepEqual(readdirSync(tree), []);
});

test("on a network file system, a locked file protects its directory", { skip: skip() }, async () => {
  using scratch = new Scratch();
  const tree = join(scratch.path, "tree");
  for (const name of ["locked/below", "free"]) mkdirSync(join(tree, name), { recursive: true });
  for (const name of ["locked/a", "locked/below/b", "free/c", "d"]) oldFile(tree, name);
  writeFileSync(join(tree, "locked/lock"), "");
  const holder = endWithTest(
    spawn("flock", ["--shared", join(tree, "locked/lock"), "sh", "-c", "echo locked; exec sleep 60"]),
  );
  await firstOutput(holder);
  const line = `d ${tree} - - - m:1d`;
  const paths = (text: string): string[] =>
    [...text.matchAll(/removed? (\S+)/g)].map(([, path]) => path ?? "");
  const expected = [join(tree, "d"), join(tree, "free/c")];
  for (const options of [["--dry-run"], ["--jobs=1"]]) {
    const clean = ["clean", "--verbose", ...options, "--inline", line];
    const { stdout } = cleanUnder([NFS], ...clean);
    assert.match(stdout, /kept \S+\/locked\/: locked by a process/);
    assert.deepEqual(
      paths(stdout)
        .filter((path) => path.startsWith(tree))
        .toSorted(),
      expected,
    );
  }
  // Elsewhere, only a lock on the directory does.
  const { stdout } = cleanUnder([], "clean", "--verbose", "--inline", line);
  assert.deepEqual(
    paths(stdout)
      .filter((path) => path.startsWith(tree))
      .toSorted(),
    [join(tree, "locked/a"), join(tree, "locked/below/b")],
  );
});
