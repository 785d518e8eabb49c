import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, mayflyOnTerminal, Scratch } from "./program.js";

test("check reports place, problem, reason and fix, and sets the exit status for CI", () => {
  using scratch = new Scratch();
  const config = join(scratch.path, "t.conf");
  const write = (...lines: string[]): void => writeFileSync(config, `${lines.join("\n")}\n`);

  write("d /run/app 0755 root root");
  assert.deepEqual(mayfly(["check", config]), {
    status: 0,
    stdout: "No problems found.\n",
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

test("check --json prints one finding per line and a summary", () => {
  const { status, stdout } = mayfly(["check", "--json", "--inline", "d /run/app 0777", "y /x"]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(status, 65);
  assert.deepEqual(
    lines
      .slice(0, -1)
      .map(({ type, source, column, severity, code }) => ({ type, source, column, severity, code })),
    [
      {
        type: "finding",
        source: { file: "(argument)", line: 1, text: "d /run/app 0777" },
        column: 12,
        severity: "warning",
        code: "no-sticky-bit",
      },
      {
        type: "finding",
        source: { file: "(argument)", line: 2, text: "y /x" },
        column: 1,
        severity: "error",
        code: "unknown-type",
      },
    ],
  );
  assert.deepEqual(lines.at(-1), { type: "summary", errors: 1, warnings: 1, infos: 0, exitStatus: 65 });
});

test("check changes nothing, and escapes names", () => {
  using scratch = new Scratch();
  const line = `f ${scratch.path}/\x1b[31m 0666 - - 5d`;
  const { stdout } = mayflyOnTerminal(["check", "--inline", line], { env: { NO_COLOR: "1" } });
  assert.doesNotMatch(stdout, /[^\P{Cc}\t\r\n]/u);
  assert.equal(mayfly(["create", "-n", "--inline", line]).status, 0);
  assert.equal(mayfly(["check", "/nonexistent.conf"]).status, 65);
});

test("a caret marks the place, also in long lines and after wide characters", () => {
  const short = mayfly(["check", "--inline", "d /run/app 0777 root root"]).stdout.split("\n");
  assert.deepEqual(short.slice(1, 3), ["    d /run/app 0777 root root", "               ^~~~"]);
  const wide = mayfly(["check", "--inline", "d /run/\u65e5\u672c 0777"]).stdout.split("\n");
  assert.equal(wide[2], "                ^~~~");
  const long = mayfly(["check", "--inline", `f /run/${"x".repeat(300)} 0666 root root - ${"y".repeat(300)}`]);
  const [, line = "", caret = ""] = long.stdout.split("\n");
  assert.equal(line.slice(caret.indexOf("^")).startsWith("0666 "), true, long.stdout);
  assert.equal(line.length <= 100, true);
});

test("--ignore accepts lists, and refuses unknown codes", () => {
  const lines = ["--inline", "d /run/app 0777", "f /run/b - - - 1d"];
  assert.equal(mayfly(["check", ...lines]).status, 1);
  assert.equal(mayfly(["check", "--ignore=no-sticky-bit,age-never-cleans", ...lines]).status, 0);
  for (const codes of ["nosuchcode", "no-sticky-bit,b"]) {
    const { status, stderr } = mayfly(["check", `--ignore=${codes}`, ...lines]);
    assert.equal(status, 64);
    assert.match(stderr, /unknown code/);
  }
  assert.equal(mayfly(["check", "--ignore=unknown-type", "--inline", "y /x"]).status, 0);
});

test("--severity and --max-warnings determine the exit status", () => {
  const lines = ["--inline", "d /run/app 0777", "f /run/b - - - 1d"];
  assert.equal(mayfly(["check", "--max-warnings=1", ...lines]).status, 1);
  assert.equal(mayfly(["check", "--max-warnings=2", ...lines]).status, 0);
  assert.equal(mayfly(["check", "--max-warnings=many", ...lines]).status, 64);
  assert.deepEqual(mayfly(["check", "--severity=error", ...lines]), {
    status: 0,
    stdout: "No problems found.\n",
    stderr: "",
  });
  assert.equal(mayfly(["check", "--severity=error", "--inline", "y /x"]).status, 65);
});

test("braces that expand to too many paths are an error of the line, everywhere", () => {
  const line = `r /run/x/${"{a,b}".repeat(20)}`;
  const checked = mayfly(["check", "--inline", line]);
  assert.equal(checked.status, 65);
  assert.match(
    checked.stdout,
    /^\(argument\):1:3: error: .*more than 4096 paths.*\[too-many-alternatives\]$/m,
  );
  for (const command of ["clean", "remove"]) assert.equal(mayfly([command, "--inline", line]).status, 65);
  assert.equal(mayfly(["tmpfiles", "--remove", "--inline", line]).status, 65);
  using scratch = new Scratch();
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `${line}\n`);
  for (const args of [["explain", "/run/x/a"], ["forecast"]]) {
    const { status, stderr } = mayfly([...args, `--config=${config}`]);
    assert.equal(status, 65);
    assert.match(stderr, /t\.conf:1: error: .*more than 4096 paths/);
  }
});

test("paths of configuration files are printed normalized", () => {
  using scratch = new Scratch();
  writeFileSync(join(scratch.path, "t.conf"), "d /run/app 0777\n");
  mkdirSync(join(scratch.path, "sub"));
  for (const path of ["./t.conf", "sub/../t.conf", ".//t.conf"]) {
    const { stdout } = mayfly(["check", "-q", path], { cwd: scratch.path });
    assert.equal(stdout.startsWith(`${scratch.path}/t.conf:1:12: `), true, stdout);
  }
});
