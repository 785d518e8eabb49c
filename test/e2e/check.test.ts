import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, mayflyOnTerminal, Scratch } from "./program.js";

test("check says where, what, why, and what to write instead; the exit status is for CI", () => {
  using scratch = new Scratch();
  const config = join(scratch.path, "t.conf");
  const write = (...lines: string[]): void => writeFileSync(config, `${lines.join("\n")}\n`);

  write("d /run/app 0755 root root");
  assert.deepEqual(mayfly(["check", config]), {
    status: 0,
    stdout: "Nothing to complain about.\n",
    stderr: "",
  });

  write("# a comment", "d /run/app 0777 root root");
  const warned = mayfly(["check", config]);
  assert.equal(warned.status, 1);
  assert.match(
    warned.stdout,
    new RegExp(`^${config}:2:12: warning: .* \\[no-sticky-bit\\]\\n( {4}.*\\n)+1 warning\\.\\n$`),
  );
  assert.equal(mayfly(["check", "--ignore=no-sticky-bit", config]).status, 0);

  write("d /run/app 0777", "y /run/x");
  const wrong = mayfly(["check", "--quiet", config]);
  assert.equal(wrong.status, 65);
  assert.deepEqual(
    wrong.stdout.split("\n").map((line) => line.replace(/: .*\[/, " [")),
    [`${config}:1:12 [no-sticky-bit]`, `${config}:2:1 [unknown-type]`, ""],
  );
});

test("check --json has a finding a line and a summary", () => {
  const { status, stdout } = mayfly(["check", "--json", "--inline", "d /run/app 0777", "y /x"]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(status, 65);
  assert.deepEqual(
    lines
      .slice(0, -1)
      .map(({ type, line, column, severity, code }) => ({ type, line, column, severity, code })),
    [
      { type: "finding", line: 1, column: 12, severity: "warning", code: "no-sticky-bit" },
      { type: "finding", line: 2, column: 1, severity: "error", code: "unknown-type" },
    ],
  );
  assert.deepEqual(lines.at(-1), { type: "summary", errors: 1, warnings: 1, infos: 0, exitStatus: 65 });
});

test("check runs nothing, and shows no name as it stands", () => {
  using scratch = new Scratch();
  const line = `f ${scratch.path}/\x1b[31m 0666 - - 5d`;
  const { stdout } = mayflyOnTerminal(["check", "--inline", line], { env: { NO_COLOR: "1" } });
  assert.doesNotMatch(stdout, /[^\P{Cc}\t\r\n]/u);
  assert.equal(mayfly(["create", "-n", "--inline", line]).status, 0);
  assert.equal(mayfly(["check", "/nonexistent.conf"]).status, 65);
});
