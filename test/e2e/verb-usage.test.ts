/** clean, create, remove and purge in unusual circumstances: invalid values, invalid lines, users without a home directory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody, PROGRAM } from "../ordinary-user.js";
import { isRoot, mayfly, mayflyOnTerminal, Scratch } from "./program.js";

const VERBS = ["clean", "create", "remove", "purge"];

test("a prefix that is not absolute is refused", () => {
  for (const verb of VERBS) {
    for (const option of ["--prefix=relative", "--exclude-prefix=./x", "--prefix="]) {
      const { status, stderr } = mayfly([verb, option, "--inline", "d /x"]);
      assert.equal(status, 64);
      assert.match(
        stderr,
        /^mayfly \w+: option '--(exclude-)?prefix' (expects an absolute path|needs a PATH), not '.*/,
      );
    }
  }
});

/** What an unset variable leaves of a command line must not act on the host, nor on the working directory. */
const EMPTIED = [
  ...VERBS.flatMap((verb) => [
    [verb, "--dry-run", "--root=", "a.conf"],
    [verb, "--dry-run", "--root", "", "a.conf"],
    [verb, "--dry-run", "--image=", "a.conf"],
    [verb, "--dry-run", "--replace=", "a.conf"],
    [verb, "--dry-run", ""],
    [verb, "--dry-run", "a.conf", ""],
  ]),
  ["check", "--root="],
  ["check", ""],
  ["check", "--inline"],
  ["explain", ""],
  ["explain", "--config=", "/x"],
  ["forecast", "--config", ""],
  ["forecast", ""],
  ["watch", ""],
  ["path", ""],
  ["ps", ""],
  ["ps", "web"],
  ["reap", "web"],
];
/** Those that end with COMMAND's status have another one for themselves. */
const EMPTIED_COMMANDS = [
  ["run", ""],
  ["run", "--join=", "true"],
  ["run", "--expose=", "true"],
  ["run", "--user=", "true"],
  ["run", "--group=", "true"],
  ["enter", "", "true"],
  ["enter", "web", ""],
  ["enter", "web", "--", ""],
  ["with-dir", ""],
];

test("an empty path, name or command is refused, and so is an operand that means nothing", () => {
  for (const args of EMPTIED) {
    const { status, stdout, stderr } = mayfly(args);
    assert.equal(status, 64, `${args.join(" ")}: ${stdout}${stderr}`);
    assert.match(stderr, /^mayfly [a-z-]+: .*\n$/);
    assert.equal(stdout, "");
  }
  for (const args of EMPTIED_COMMANDS) {
    const { status, stderr } = mayfly(args);
    assert.equal(status, 125, `${args.join(" ")}: ${stderr}`);
    assert.match(
      stderr,
      /^mayfly [a-z-]+: (option '--\w+' needs a|an operand must|expected NAME|unknown group).*\n$/,
    );
  }
});

test("an empty argument of a command is passed on", () => {
  assert.equal(mayfly(["with-dir", "test", "-z", ""]).status, 0);
});

/** Lines that systemd-tmpfiles takes for worse than a mistake, or in a configuration directory only mentions. */
const BROKEN = [
  "y /x",
  "d /x - - - 1dd",
  "f~ /x - - - - not*base64",
  "f^ /x",
  "f^ /x - - - - a/b",
  "h /x - - - - +Q",
  `d /${"a/".repeat(2500)}`,
  `f /x - - - - ${"a".repeat(5000)}`,
];

test("an invalid line gives exit status 65, wherever it is", () => {
  for (const line of BROKEN) {
    using scratch = new Scratch();
    mkdirSync(join(scratch.path, "etc/tmpfiles.d"), { recursive: true });
    const file = join(scratch.path, "etc/tmpfiles.d/t.conf");
    writeFileSync(file, `${line}\n`);
    for (const verb of VERBS) {
      const ways = [
        [`--root=${scratch.path}`, "t.conf"],
        [file],
        ["--inline", line],
        ...(verb === "purge" ? [] : [[`--root=${scratch.path}`]]),
      ];
      for (const way of ways) {
        const { status } = mayfly([verb, "--dry-run", ...way]);
        assert.equal(status, 65, `${verb} ${way.join(" ").slice(0, 60)}: ${line.slice(0, 40)}`);
      }
    }
    const summary = mayfly(["create", "--json", "--dry-run", file]).stdout.trim().split("\n").at(-1) ?? "";
    assert.equal(JSON.parse(summary).exitStatus, 65);
  }
});

test("an unreadable file gives exit status 1, with and without invalid lines", () => {
  for (const verb of VERBS) {
    assert.equal(mayfly([verb, "--dry-run", "/nonexistent/t.conf"]).status, 1);
  }
});

test("a user without an account can clean", {
  skip: cannotBeNobody,
}, () => {
  using scratch = new Scratch();
  const aged = join(scratch.path, "aged");
  mkdirSync(aged, { mode: 0o777 });
  spawnSync("chmod", ["0777", scratch.path, aged]);
  writeFileSync(join(aged, "old"), "");
  utimesSync(join(aged, "old"), 1, 1);
  const line = `e ${aged} - - - m:1d`;
  for (const verb of VERBS) {
    const ran = spawnSync(process.execPath, [PROGRAM, verb, "--inline", line], {
      encoding: "latin1",
      uid: 54_321,
      gid: 54_321,
      env: { PATH: process.env.PATH },
      timeout: 60_000,
    });
    assert.deepEqual({ status: ran.status, stderr: ran.stderr }, { status: 0, stderr: "" }, verb);
  }
  assert.ok(!existsSync(join(aged, "old")));
});

test("unsupported file attributes are not reported", {
  skip: isRoot ? false : "needs root",
}, () => {
  using scratch = new Scratch();
  const line = `h ${scratch.path} - - - - +C`;
  for (const command of [["tmpfiles", "--create"], ["create"]]) {
    const { status, stderr } = mayfly([...command, "--inline", line]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  }
  // On a terminal neither.
  assert.ok(!mayflyOnTerminal(["tmpfiles", "--create", "--inline", line]).stdout.includes("attributes"));
});
