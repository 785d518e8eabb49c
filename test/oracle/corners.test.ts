/** Single lines in unusual situations, compared with systemd-tmpfiles 262: the tree, the exit status, and the dry run. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRoot, mayfly, type Result, Scratch, start } from "../e2e/program.js";
import { reference } from "../reference.js";

const { binary, missing } = reference();
const skip = binary === undefined ? missing : false;
const rootOnly = skip || (isRoot ? false : "needs root");

interface Outcome {
  readonly status: number | null;
  readonly tree: readonly string[];
  /** The lines that scripts look for. */
  readonly would: readonly string[];
}

/** Each path with its kind, and where a symlink points. */
function tree(top: string): string[] {
  return readdirSync(top, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const kind = entry.isSymbolicLink() ? ` -> ${readlinkSync(path)}` : entry.isDirectory() ? "/" : "";
      // Not by `recursive`, which follows symlinks on some versions of Node.
      return [`${path}${kind}`, ...(entry.isDirectory() ? tree(path) : [])];
    })
    .sort();
}

/** What the line does to the tree that `setup`, a shell script, lays anew in the working directory. */
function outcomeOf(
  run: (args: readonly string[]) => Result,
  top: string,
  setup: string,
  args: readonly string[],
) {
  rmSync(top, { recursive: true, force: true });
  mkdirSync(top, { mode: 0o755 });
  const laid = spawnSync("sh", ["-ec", setup], { cwd: top, encoding: "utf8" });
  assert.equal(laid.status, 0, laid.stderr);
  const { status, stderr } = run(args);
  const would = stderr.split("\n").filter((line) => /^Would (?:copy|remove)/.test(line));
  return { status, tree: tree(top), would } satisfies Outcome;
}

/** In the line, `@` is the directory. */
function compare(setup: string, line: string, options: readonly string[], reported = true): void {
  using scratch = new Scratch();
  const top = join(scratch.path, "t");
  const args = [...options, "--inline", line.replaceAll("@", top)];
  const theirs = outcomeOf((all) => start(binary ?? "", all), top, setup, args);
  const ours = outcomeOf((all) => mayfly(["tmpfiles", ...all]), top, setup, args);
  const part = ({ status, tree, would }: Outcome) => ({ status, tree, ...(reported ? { would } : {}) });
  assert.deepEqual(part(ours), part(theirs), `${options.join(" ")} ${line}`);
}

const PLACES =
  "mkfifo fifo; touch file; ln -s loop loop; ln -s nowhere dangling; mkdir -p real/sub; ln -s real link";

test("L? without its source does nothing, wherever the line is", { skip }, () => {
  const parents = ["fifo", "file", "loop", "dangling", "missing/deep", "link", "real/..", "x".repeat(300)];
  for (const parent of parents) {
    for (const target of ["/nonexistent/source", "@/missing"]) {
      const dry = parent === "missing/deep" ? [["--create"]] : [["--create"], ["--create", "--dry-run"]];
      for (const options of dry) compare(PLACES, `L? @/${parent}/x - - - - ${target}`, options);
    }
  }
});

test("L? does nothing on an unsafe path either", { skip: rootOnly }, () => {
  const setup =
    "mkdir -p theirs/root; chown 65534 theirs; mkdir -m 1777 open; ln -s .. open/up; chown -h 65534 open/up";
  for (const parent of ["theirs/root", "open"]) {
    compare(setup, `L? @/${parent}/x - - - - /nonexistent/source`, ["--create"]);
    compare(setup, `L? @/${parent}/x - - - - missing`, ["--create"]);
    compare(setup, `L? @/${parent}/x - - - - /nonexistent/source`, ["--create", "--dry-run"]);
  }
});

test("= replaces parents of the wrong type with directories, symlinks too", { skip }, () => {
  const setup = `${PLACES}; ln -s file tofile; ln -s tofile twice; ln -s "$PWD/file" absolute; mkdir d; ln -s ../file d/l; ln -s d/l chain`;
  for (const parent of [
    "fifo",
    "file",
    "dangling",
    "link",
    "link/sub",
    "tofile",
    "twice",
    "absolute",
    "d/l",
    "chain",
    "link/a/b",
  ])
    for (const type of ["d=", "f=", "p=", "L="])
      compare(setup, `${type} @/${parent}/x${type === "L=" ? " - - - - /z" : ""}`, ["--create"]);
});

test("= makes no unsafe transition", { skip }, () => {
  const setup = `ln -s /etc/passwd absolute; ln -s /etc directory; touch file; ln -s "$PWD/file" own; ln -s /nonexistent nowhere`;
  for (const parent of ["absolute", "directory", "own", "nowhere"])
    for (const type of ["d=", "f="]) compare(setup, `${type} @/${parent}/x`, ["--create"]);
});

test("= removes another user's symlink that leads to no directory, and follows none", {
  skip: rootOnly,
}, () => {
  const setup = [
    "mkdir -m 1777 open; mkdir theirs dir; chown 65534 theirs; touch file",
    'ln -s "$PWD/file" open/l; ln -s "$PWD/dir" open/d; ln -s "$PWD/file" theirs/l; ln -s "$PWD/dir" theirs/d',
    "ln -s /nonexistent open/n; chown -h 65534 open/* theirs/*",
  ].join("; ");
  for (const parent of ["open/l", "open/d", "open/n", "theirs/l", "theirs/d"])
    for (const type of ["d=", "f="]) compare(setup, `${type} @/${parent}/x`, ["--create"]);
});

const COPIES =
  "mkdir -p src/sub empty full; echo a >src/f; echo b >src/sub/g; touch full/x file; ln -s empty link; mkfifo fifo";

test("a dry run of C reports what it would copy", { skip }, () => {
  for (const place of ["empty", "full", "file", "new", "link", "fifo", "missing/new"]) {
    for (const type of ["C", "C+", "C="]) {
      for (const source of ["src", "src/f"]) {
        // In a dry run, 262 does not report what `=` would remove among the parents.
        compare(COPIES, `${type} @/${place} - - - - @/${source}`, ["--create", "--dry-run"], type !== "C=");
      }
    }
  }
});

test("C fails if its dry run reports that it would", { skip }, () => {
  for (const place of ["empty", "full", "file", "link", "fifo"])
    for (const type of ["C", "C+"]) compare(COPIES, `${type} @/${place} - - - - @/src`, ["--create"]);
});

test("r and R lines, with any age", { skip }, () => {
  const setup = "touch f; mkdir d; ln -s f l; touch -hd '3 days ago' f d l";
  for (const type of ["r", "R"]) {
    for (const name of ["f", "d", "l"]) {
      for (const age of ["", " - - - mM:1d"]) {
        for (const options of [["--clean", "--dry-run"], ["--remove", "--dry-run"], ["--clean"]])
          compare(setup, `${type} @/${name}${age}`, options);
      }
    }
  }
});

test("create --dry-run reports the same copies as create", () => {
  for (const [place, said] of [
    ["empty", /^would copy .*src to .*empty$/m],
    ["new", /^would copy .*src to .*new$/m],
    ["file", /exists and is not a directory: a directory cannot be copied there/],
  ] as const) {
    using scratch = new Scratch();
    assert.equal(spawnSync("sh", ["-ec", COPIES], { cwd: scratch.path }).status, 0);
    const line = `C ${scratch.path}/${place} - - - - ${scratch.path}/src`;
    const { stdout, stderr } = mayfly(["create", "--dry-run", "--verbose", "--inline", line]);
    assert.match(stdout + stderr, said);
  }
});
