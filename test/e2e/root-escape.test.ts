/** No `..` in the path of a line or in a symlink leads out of --root. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, Scratch, start } from "./program.js";

const LONG_AGO = new Date("2001-01-01");

function fill(directory: string): void {
  mkdirSync(join(directory, "dir"), { recursive: true });
  for (const name of ["file", "dir/in"]) writeFileSync(join(directory, name), "keep", { mode: 0o600 });
  for (const name of ["file", "dir/in", "dir"]) utimesSync(join(directory, name), LONG_AGO, LONG_AGO);
}

/** Everything outside of the root, with mode, owner, size and change time. */
const look = (outside: string): string => {
  const format = "%P %m %u %g %s %C@ %l\n";
  return start("find", [
    outside,
    "-mindepth",
    "1",
    "-path",
    join(outside, "root"),
    "-prune",
    "-o",
    "-printf",
    format,
  ]).stdout;
};

/** Each way ends in the directory above the root, if the kernel goes it. */
const WAYS = [
  "/a/../..",
  "/a/b/../../..",
  "/*/../..",
  "/a/up/..",
  "/a/b/up3",
  "/a/absolute/..",
  "/../..",
  "/a/./../..",
];
const BELOW = WAYS.flatMap((way) => [way, `${way}/file`, `${way}/dir`, `${way}/*`, `${way}/d*/..`]);

const REMOVING = ["r", "R", "D"];
const CLEANING = ["d", "D", "e", "x", "X", "r", "R", "C"];
const CREATING: readonly ((path: string) => string)[] = [
  (path) => `f ${path}/new 0666`,
  (path) => `f+ ${path} 0666 - - - x`,
  (path) => `f= ${path} 0666 - - - x`,
  (path) => `w ${path} - - - - x`,
  (path) => `d ${path} 0777`,
  (path) => `e ${path} 0777`,
  (path) => `z ${path} 0777`,
  (path) => `Z ${path} 0777`,
  (path) => `L+ ${path} - - - - x`,
  (path) => `C ${path}/copy - - - - /a`,
  (path) => `t ${path} - - - - user.x=y`,
  (path) => `A ${path} - - - - u:1:rwx`,
];

function within(use: (root: string, outside: string) => void): void {
  using scratch = new Scratch();
  const outside = join(scratch.path, "outside");
  const root = join(outside, "root");
  fill(outside);
  fill(root);
  mkdirSync(join(root, "a/b"), { recursive: true });
  symlinkSync("../..", join(root, "a/up"));
  symlinkSync("../../..", join(root, "a/b/up3"));
  symlinkSync(outside, join(root, "a/absolute"));
  use(root, outside);
}

function runAll(operation: string, lines: readonly string[]): void {
  within((root, outside) => {
    const before = look(outside);
    assert.match(before, /dir\/in/);
    for (const line of lines) {
      const { status, stderr } = mayfly(["tmpfiles", `--root=${root}`, `--${operation}`, "--inline", line]);
      assert.equal(look(outside), before, line);
      assert.ok(status === 0 || status === 73 || status === 65, `${line}: ${status} ${stderr}`);
      for (const directory of [root, join(root, "a/b")]) mkdirSync(directory, { recursive: true });
    }
  });
}

// One line after the other would make a process each: most are run together.
const together = (operation: string, lines: readonly string[]): void =>
  within((root, outside) => {
    const before = look(outside);
    mayfly(["tmpfiles", `--root=${root}`, `--${operation}`, "--inline", ...lines]);
    assert.equal(look(outside), before);
  });

test("remove", () => {
  together("remove", BELOW.flatMap((path) => REMOVING.map((type) => `${type} ${path}`)).reverse());
  runAll(
    "remove",
    WAYS.slice(0, 3).flatMap((path) => REMOVING.map((type) => `${type} ${path}`)),
  );
});

test("clean", () => {
  const line = (type: string, path: string): string =>
    `${type} ${path} - - - m:0 ${type === "C" ? "/a" : ""}`.trim();
  for (const type of CLEANING)
    together(
      "clean",
      BELOW.map((path) => line(type, path)),
    );
  runAll(
    "clean",
    WAYS.slice(0, 3).map((path) => line("e", path)),
  );
});

test("purge", () =>
  together(
    "purge",
    BELOW.map((path) => `d$ ${path}`),
  ));

test("create", () => {
  for (const make of CREATING) together("create", BELOW.map(make));
});

test("a path that ends in .. is refused, on the host too", () => {
  within((root, outside) => {
    const before = look(outside);
    for (const args of [[`--root=${root}`, "/a/../.."], [`${root}/a/../..`]]) {
      const [path = "", ...rest] = args.reverse();
      const { status, stderr } = mayfly(["tmpfiles", ...rest, "--remove", "--inline", `R ${path}`]);
      assert.equal(status, 73);
      assert.match(stderr, /the path ends in "\.\."; use the path of the directory itself/);
    }
    assert.equal(look(outside), before);
  });
});
