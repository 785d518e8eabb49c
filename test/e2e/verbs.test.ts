import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody } from "../ordinary-user.js";
import { MAYFLY, mayfly, mayflyOnTerminal, Scratch, start } from "./program.js";

const OLD = new Date("2020-01-01T00:00:00Z");
/** Control characters, an escape sequence that sets a title, and a byte that is not UTF-8. */
const NASTY = Buffer.from("odd \n\x1b]0;owned\x07\x1b[31m\xff", "latin1");

/** Control characters other than those that end lines. */
const OBEYED = /[^\P{Cc}\t\r\n]/u;

interface Aged {
  readonly scratch: Scratch;
  readonly top: string;
  readonly config: string;
}

/** Two old files and an old nasty one; a new one and a sticky one. A line that cleans by mtime alone. */
function aged(): Aged {
  const scratch = new Scratch();
  const top = join(scratch.path, "top");
  mkdirSync(top);
  const raw = (name: string | Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${top}/`), Buffer.from(name as string)]);
  for (const name of ["one", "two", "sticky", NASTY]) {
    writeFileSync(raw(name), "x".repeat(5000));
    utimesSync(raw(name), OLD, OLD);
  }
  chmodSync(join(top, "sticky"), 0o1644);
  writeFileSync(join(top, "new"), "");
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `d ${top} - - - mM:1d\n`);
  return { scratch, top, config };
}

test("clean reports what it removed, and why it kept the rest", () => {
  const { scratch, top, config } = aged();
  using _ = scratch;
  const dry = mayfly(["clean", "--dry-run", config]);
  assert.equal(dry.status, 0);
  assert.deepEqual(readdirSync(top).length, 5);
  const done = mayfly(["clean", config]);
  assert.deepEqual({ status: done.status, stderr: done.stderr }, { status: 0, stderr: "" });
  assert.match(
    done.stdout,
    /^Removed 3 entries, [\d.]+K.*\.\nKept 2 entries: 1 (too new|sticky), 1 (too new|sticky)\.\n$/,
  );
  assert.deepEqual(readdirSync(top).sort(), ["new", "sticky"]);
  assert.equal(
    dry.stdout.replace(/ in [\d.]+ s/, ""),
    [
      "ENTRIES  SIZE  AGE    PATH                         LINE".replace(
        /PATH +/,
        `PATH${" ".repeat(top.length - 2)}`,
      ),
      `      3   24K  mM:1d  ${top}  ${config}:1`,
      "Would remove 3 entries, 24K.",
      "Kept 2 entries: 1 sticky, 1 too new.",
      "Use --verbose to list the paths.",
      "",
    ].join("\n"),
  );
});

test("--verbose names each path with its reason", () => {
  const { scratch, top, config } = aged();
  using _ = scratch;
  const { stdout } = mayfly(["clean", "-v", config]);
  assert.match(stdout, new RegExp(`^removed ${top}/one \\(`, "m"));
  assert.match(stdout, new RegExp(`^kept ${top}/sticky: sticky bit set$`, "m"));
  assert.match(stdout, new RegExp(`^kept ${top}/new: too new, modified \\d{4}-`, "m"));
});

test("names are always escaped on a terminal", () => {
  const { scratch, config } = aged();
  using _ = scratch;
  const escaped = "odd \\n\\x1b]0;owned\\x07\\x1b[31m\\xff";
  for (const args of [
    ["clean", "--dry-run", "--verbose", config],
    ["tmpfiles", "--clean", "--dry-run", config],
  ]) {
    const { stdout } = mayflyOnTerminal(args, { env: { NO_COLOR: "1", SYSTEMD_LOG_COLOR: "0" } });
    assert.ok(stdout.includes(escaped), `${args}: ${JSON.stringify(stdout)}`);
    assert.doesNotMatch(stdout, OBEYED);
  }
  const json = mayflyOnTerminal(["clean", "--dry-run", "--json", config]);
  assert.doesNotMatch(Buffer.from(json.stdout, "latin1").toString("utf8"), OBEYED);
});

test("every line of --json is an object with a type, and the last one is the summary", () => {
  const { scratch, top, config } = aged();
  using _ = scratch;
  const { status, stdout } = mayfly(["clean", "--json", config]);
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(status, 0);
  const removed = events.filter((event) => event.type === "removed");
  const bytesOf = (event: { path: string; pathBase64?: string }): string =>
    event.pathBase64 === undefined ? event.path : Buffer.from(event.pathBase64, "base64").toString("latin1");
  const expected = ["one", "two", NASTY.toString("latin1")].map((name) => `${top}/${name}`);
  assert.deepEqual(removed.map(bytesOf).sort(), expected.sort());
  assert.ok(removed.every((event) => event.done === true && event.bytes >= 4096 && event.source.line === 1));
  assert.deepEqual(
    events
      .filter((event) => event.type === "kept")
      .map((event) => event.reason.code)
      .sort(),
    ["sticky", "too-new"],
  );
  const { type, removed: sum, kept, exitStatus, dryRun } = events.at(-1);
  assert.deepEqual(
    { type, kept, exitStatus, dryRun },
    {
      type: "summary",
      kept: { sticky: 1, "too-new": 1 },
      exitStatus: 0,
      dryRun: false,
    },
  );
  assert.equal(sum.entries, 3);
});

test("a closed pipe does not stop the work", () => {
  using scratch = new Scratch();
  const top = join(scratch.path, "top");
  mkdirSync(top);
  for (let at = 0; at < 3000; at++) writeFileSync(join(top, `${at}`.padStart(100, "x")), "");
  for (const name of readdirSync(top)) utimesSync(join(top, name), OLD, OLD);
  const line = `d ${top} - - - mM:1d`;
  const script = `"$0" "$1" clean --json --inline "$2" 2>"$3" | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const errors = join(scratch.path, "errors");
  const piped = start("bash", ["-c", script, process.execPath, MAYFLY, line, errors]);
  assert.match(piped.stdout, /^\{"type":"removed".*\n0\n$/);
  assert.equal(spawnSync("cat", [errors], { encoding: "utf8" }).stdout, "");
  assert.deepEqual(readdirSync(top), []);
});

test("a closed standard output does not crash the program", () => {
  const { scratch, config } = aged();
  using _ = scratch;
  const script = '"$0" "$1" clean --dry-run "$2" >&-';
  const { status, stderr } = start("bash", ["-c", script, process.execPath, MAYFLY, config]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});

test("output has colours on terminals, but not in pipes", () => {
  const { scratch, config } = aged();
  using _ = scratch;
  const args = ["clean", "--dry-run", "--verbose", config];
  assert.ok(mayflyOnTerminal(args).stdout.includes("\x1b[31mwould remove\x1b[39m"));
  assert.ok(!mayflyOnTerminal(args, { env: { NO_COLOR: "1" } }).stdout.includes("\x1b"));
  assert.ok(!mayflyOnTerminal(args, { env: { TERM: "dumb" } }).stdout.includes("\x1b"));
  assert.ok(!mayfly(args).stdout.includes("\x1b"));
  assert.ok(mayfly(args, { env: { FORCE_COLOR: "1" } }).stdout.includes("\x1b[31m"));
});

test("create creates and reports what is missing", () => {
  using scratch = new Scratch();
  const lines = [`d ${scratch.path}/new 0750`, `f ${scratch.path}/new/file 0640 - - - text`];
  const dry = mayfly(["create", "-n", "--inline", ...lines]);
  assert.match(dry.stdout, new RegExp(`^would create ${scratch.path}/new/$`, "m"));
  assert.equal(existsSync(join(scratch.path, "new")), false);
  const done = mayfly(["create", "--inline", ...lines]);
  assert.deepEqual(done.status, 0);
  assert.match(done.stdout, /^Created 2/);
  assert.equal(existsSync(join(scratch.path, "new/file")), true);
  assert.equal(
    mayfly(["create", "--inline", ...lines]).stdout,
    "Nothing to do: 2 lines of configuration applied.\n",
  );
});

test("exit statuses distinguish failures, which are reported on standard error", () => {
  using scratch = new Scratch();
  writeFileSync(join(scratch.path, "file"), "");
  const create = (...lines: string[]) => mayfly(["create", "--inline", ...lines]);
  const invalid = create("y /foo", `d ${scratch.path}/made`);
  assert.equal(invalid.status, 65);
  assert.match(invalid.stderr, /^\(argument\):1: error: /);
  assert.equal(existsSync(join(scratch.path, "made")), true);
  const failed = create(`f ${scratch.path}/file/below`);
  assert.equal(failed.status, 73);
  assert.match(
    failed.stderr,
    new RegExp(`^failed: ${scratch.path}/file/below: cannot \\w+[^:]*: Not a directory`),
  );
  assert.match(failed.stdout, /1 failed\.\n$/);
  const ignored = create(`f- ${scratch.path}/file/below`);
  assert.equal(ignored.status, 0);
  assert.match(ignored.stderr, /^ignored: /);
  assert.equal(mayfly(["create", "/nonexistent.conf"]).status, 1);
  assert.deepEqual(mayfly(["purge"]), {
    status: 64,
    stdout: "",
    stderr: "mayfly purge: missing CONFIG\n",
  });
  assert.equal(mayfly(["clean", "--jobs=none"]).status, 64);
});

test("directories that an ordinary user cannot read are reported, and are not failures", {
  skip: cannotBeNobody,
}, () => {
  using scratch = new Scratch();
  chmodSync(scratch.path, 0o755);
  const top = join(scratch.path, "top");
  mkdirSync(join(top, "private"), { recursive: true });
  chmodSync(join(top, "private"), 0o700);
  const args = [process.execPath, MAYFLY, "clean", "-n", "--inline", `d ${top} - - - 1d`];
  const { status, stdout, stderr } = start("setpriv", [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    ...args,
  ]);
  assert.equal(stderr, `skipped: ${top}/private: unreadable (Permission denied)\n`);
  assert.match(stdout, /Kept 1 entry: unreadable/);
  assert.equal(status, 0);
});

test("if there is nothing to do, the checked paths are listed", () => {
  using scratch = new Scratch();
  for (const name of ["a", "b"]) mkdirSync(join(scratch.path, name));
  writeFileSync(join(scratch.path, "a/new"), "");
  const lines = ["a", "b", "missing"].map((name) => `d ${scratch.path}/${name} - - - 1d`);
  const { stdout } = mayfly(["clean", "--inline", ...lines]);
  assert.equal(
    stdout.replace(/ in [\d.]+ s/, ""),
    `Nothing to do: examined 1 entry in ${scratch.path}/a, ${scratch.path}/b (3 lines of configuration).\nKept 1 entry: too new.\n`,
  );
});

test("--quiet prints only problems", () => {
  const { scratch, config } = aged();
  using _ = scratch;
  assert.deepEqual(mayfly(["clean", "--quiet", config]), { status: 0, stdout: "", stderr: "" });
  assert.match(mayfly(["create", "-q", "--inline", "y /foo"]).stderr, /error/);
});

test("a long list is shortened on a terminal, but not in a file", () => {
  using scratch = new Scratch();
  const top = join(scratch.path, "top");
  mkdirSync(top);
  for (let at = 0; at < 1100; at++) writeFileSync(join(top, `${at}`), "");
  const args = ["clean", "-n", "-v", "--inline", `d ${top} - - - 0`];
  const lines = (text: string): number =>
    text.split("\n").filter((line) => line.includes("would remove")).length;
  assert.equal(lines(mayfly(args).stdout), 1100);
  const shown = mayflyOnTerminal(args, { env: { NO_COLOR: "1" } }).stdout;
  assert.equal(lines(shown), 1000);
  assert.match(shown, /^\.\.\. and 100 more paths\. Redirect the output to list them all\.\r$/m);
});

/** If the guard failed, a test must not empty the host's /tmp: no line's path begins so. */
const NOWHERE = "--prefix=/nonexistent-mayfly-test";

test("no command works on the whole host by default", () => {
  const { status, stdout, stderr } = mayfly(["remove", NOWHERE]);
  assert.deepEqual({ status, stdout }, { status: 64, stdout: "" });
  assert.match(stderr, /^mayfly remove: Refusing to remove .*--dry-run, or use --all\.\n$/);
  for (const verb of ["clean", "create", "remove"]) {
    const inline = mayfly([verb, NOWHERE, "--inline"]);
    assert.equal(inline.status, 64);
    assert.match(inline.stderr, /Option --inline requires at least one line/);
  }
  using scratch = new Scratch();
  assert.equal(mayfly(["remove", `--root=${scratch.path}`]).status, 0);
  assert.equal(mayfly(["remove", NOWHERE, "--all"]).status, 0);
  assert.equal(mayfly(["remove", "--dry-run"]).status, 0);
});
