/** Pragmas through the command line, and files with them in systemd-tmpfiles. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody, NOBODY } from "../ordinary-user.js";
import { hostCleaner, reference } from "../reference.js";
import { has, isRoot, MAYFLY, mayfly, Scratch, start } from "./program.js";

const OLD = new Date("2001-01-01T00:00:00Z");

/** A directory with an old file, and a configuration that cleans it. */
function place(scratch: Scratch, pragma: string, line = (tree: string) => `d ${tree} - - - mM:1d`) {
  const tree = join(scratch.path, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "old"), "");
  utimesSync(join(tree, "old"), OLD, OLD);
  const config = join(scratch.path, "a.conf");
  writeFileSync(config, `${pragma}\n${line(tree)}\n`);
  return { tree, config };
}

for (const [version, real] of [
  [262, reference()],
  [252, hostCleaner(252)],
] as const)
  test(`systemd-tmpfiles ${version} ignores pragmas silently`, {
    skip: real.missing ?? false,
  }, () => {
    const command = real.binary ?? "";
    using scratch = new Scratch();
    const { tree, config } = place(
      scratch,
      "#@ keep-open after=clock-sync unit=toplevel max-size=4G low=3G\n#@ max-inodes=9 low-inodes=8 unknown",
    );
    const { status, stdout, stderr } = start(command, ["--clean", config]);
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
    assert.deepEqual(readdirSync(tree), []);
  });

test("check reports pragmas that are invalid or have no effect", () => {
  using scratch = new Scratch();
  const wrong = place(scratch, "#@ keep-open nonsense", (tree) => `d ${tree} 0755 - - -`);
  const { status, stdout } = mayfly(["check", wrong.config]);
  assert.equal(status, 65);
  assert.match(stdout, /a\.conf:1:14: error: invalid pragma "nonsense".*\[bad-pragma\]/);
  assert.match(
    stdout,
    /a\.conf:2:\d+: warning: the pragma before this line has no effect \[pragma-without-age\]/,
  );
});

test("explain, forecast, the dry run and the drop-in know them", () => {
  using scratch = new Scratch();
  const { tree, config } = place(scratch, "#@ keep-open");
  const file = join(tree, "old");
  const hold = `exec 3<"$1"; shift; exec "$@"`;
  const whileOpen = (...args: string[]): string =>
    start("sh", ["-c", hold, "sh", file, process.execPath, MAYFLY, ...args]).stdout;
  assert.match(whileOpen("explain", `--config=${config}`, file), /in use by a process/);
  assert.doesNotMatch(
    whileOpen("explain", `--config=${config}`, "--assume-version=252", file),
    /in use by a/,
  );
  assert.doesNotMatch(whileOpen("forecast", `--config=${config}`), /tree\/old/);
  assert.match(whileOpen("clean", "--dry-run", config), /1 in use by a process|in use by a process/);
  whileOpen("tmpfiles", "--clean", config);
  assert.ok(existsSync(file));
  assert.match(mayfly(["forecast", `--config=${config}`]).stdout, /tree\/old/);
  mayfly(["tmpfiles", "--clean", config]);
  assert.ok(!existsSync(file));
});

test("an ordinary user's run says what it cannot see", { skip: cannotBeNobody }, () => {
  using scratch = new Scratch();
  const { config } = place(scratch, "#@ keep-open");
  start("chown", ["-R", `${NOBODY}`, scratch.path]);
  const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const { stderr } = start("setpriv", [...asNobody, process.execPath, MAYFLY, "clean", config]);
  assert.match(stderr, /warning: .*keep-open cannot inspect \d+ process/);
});

test("check reports budgets that are invalid or have no effect", () => {
  using scratch = new Scratch();
  const wrong = place(scratch, "#@ max-size=1G low=2G");
  const { status, stdout } = mayfly(["check", wrong.config]);
  assert.equal(status, 65);
  assert.match(stdout, /a\.conf:1:1: error: pragma "low=" requires "max-size=" and must not be greater/);
  const config = join(scratch.path, "b.conf");
  writeFileSync(config, `#@ max-size=1G\nR ${scratch.path}/gone - - - 1d\n`);
  assert.match(mayfly(["check", config]).stdout, /a budget is for what is in a directory, and has no effect/);
});

/** Two files of 4K: an old one, and one that is an hour old. */
function budgeted(scratch: Scratch, pragma: string, name: string) {
  const { tree } = place(scratch, pragma);
  const newer = new Date(Date.now() - 3_600_000);
  for (const [file, time] of [
    ["old", OLD],
    ["newer", newer],
    ["newest", new Date()],
  ] as const) {
    writeFileSync(join(tree, file), "x".repeat(4096));
    utimesSync(join(tree, file), time, time);
  }
  const config = join(scratch.path, name);
  writeFileSync(config, `${pragma}\nd ${tree} - - - mM:1d\n`);
  return { tree, config };
}

test("explain and forecast know budgets", () => {
  using scratch = new Scratch();
  const explain = (config: string, file: string): string =>
    mayfly(["explain", `--config=${config}`, file]).stdout;
  const within = budgeted(scratch, "#@ max-size=1G", "within.conf");
  assert.match(explain(within.config, join(within.tree, "old")), /kept\n.*within its budget without it/s);
  assert.doesNotMatch(mayfly(["forecast", `--config=${within.config}`]).stdout, /tree\//);
  rmSync(within.tree, { recursive: true });

  const above = budgeted(scratch, "#@ max-size=6K low=4K", "above.mayfly");
  const said = explain(above.config, join(above.tree, "newer"));
  assert.match(said, /would be removed/);
  assert.match(said, /removed before its age, since the directory exceeds the budget of the line/);
  assert.match(explain(above.config, join(above.tree, "newest")), /kept until/);
  const forecast = mayfly(["forecast", `--config=${above.config}`]).stdout;
  assert.match(forecast, /tree\/old[\s\S]*tree\/newer|tree\/newer[\s\S]*tree\/old/);
  rmSync(above.tree, { recursive: true });

  // The marks are never low enough for what is not old.
  const careful = budgeted(scratch, "#@ max-size=8K low=0", "careful.conf");
  assert.match(
    mayfly(["clean", "--dry-run", "--verbose", careful.config]).stdout,
    /would remove [^\n]*tree\/old/,
  );
  mayfly(["tmpfiles", "--clean", careful.config]);
  assert.deepEqual(readdirSync(careful.tree).sort(), ["newer", "newest"]);
});

test("only Mayfly reads *.mayfly in the configuration directories", () => {
  using scratch = new Scratch();
  const root = join(scratch.path, "root");
  mkdirSync(join(root, "srv/cache"), { recursive: true });
  mkdirSync(join(root, "etc/tmpfiles.d"), { recursive: true });
  writeFileSync(join(root, "srv/cache/new"), "x".repeat(4096));
  writeFileSync(join(root, "etc/tmpfiles.d/cache.mayfly"), "#@ max-size=0\ne /srv/cache - - - 10d\n");
  const real = reference();
  if (real.binary !== undefined) {
    const { status, stderr } = start(real.binary, ["--clean", `--root=${root}`]);
    assert.deepEqual([status, stderr, readdirSync(join(root, "srv/cache"))], [0, "", ["new"]]);
  }
  assert.match(
    mayfly(["clean", "--dry-run", "--verbose", "--root", root]).stdout,
    /would remove .*cache\/new/,
  );
  mayfly(["tmpfiles", "--clean", `--root=${root}`]);
  assert.deepEqual(readdirSync(join(root, "srv/cache")), []);
});

function cannotInject(): string | false {
  if (!isRoot) return "an ordinary user may not trace here";
  if (!has("strace")) return "needs strace, which sets the answer of adjtimex";
  if (existsSync("/run/systemd/timesync/synchronized")) return "systemd-timesyncd has set the clock";
  return start("strace", ["-qq", "-o", "/dev/null", "true"]).status !== 0 && "strace may trace nothing here";
}

test("after=clock-sync cleans nothing before the clock is synchronized", { skip: cannotInject() }, () => {
  using scratch = new Scratch();
  const { tree, config } = place(scratch, "#@ after=clock-sync");
  const clean = (state: number, ...options: string[]): string => {
    const inject = [
      "-e",
      "trace=adjtimex,clock_adjtime",
      "-e",
      `inject=adjtimex,clock_adjtime:retval=${state}`,
    ];
    const program = [process.execPath, MAYFLY, "clean", "--verbose", ...options, config];
    const { stdout, stderr } = start("strace", ["-f", "-qq", "-o", "/dev/null", ...inject, ...program]);
    return stdout + stderr;
  };
  const [ok, timeError] = [0, 5];
  for (const options of [["--dry-run"], []])
    assert.match(clean(timeError, ...options), /cleans nothing until the clock is synchronized/);
  assert.deepEqual(readdirSync(tree), ["old"]);
  clean(ok);
  assert.deepEqual(readdirSync(tree), []);
});

test("explain names what keeps a directory that is removed as a whole", () => {
  using scratch = new Scratch();
  const { tree, config } = place(scratch, "#@ unit=toplevel");
  mkdirSync(join(tree, "unit/below"), { recursive: true });
  for (const name of ["old", "below/new"]) writeFileSync(join(tree, "unit", name), "");
  for (const name of ["old", "below", "."]) utimesSync(join(tree, "unit", name), OLD, OLD);
  const { stdout } = mayfly(["explain", `--config=${config}`, join(tree, "unit/old")]);
  assert.match(stdout, /kept as a whole: below\/new is kept, modified /);
  mayfly(["tmpfiles", "--clean", config]);
  assert.deepEqual(readdirSync(tree), ["unit"]);
  assert.deepEqual(readdirSync(join(tree, "unit")).sort(), ["below", "old"]);
});
