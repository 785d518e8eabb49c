/** Each problem of the input is reported once, in one line that names the place, and everything else is done. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY, mayfly, Scratch, start } from "./program.js";

const LONG = "a/".repeat(2500);
/** The first line, and the message about it; the second line is valid. */
const FIRST_LINES: Readonly<Record<string, readonly [text: string, said: string, status: number]>> = {
  "a path of 5,000 bytes": [
    `d /${LONG}`,
    `Failed to replace specifiers in '/${LONG}': File name too long (path is longer than 4095 bytes)`,
    1,
  ],
  "an argument of 5,000 bytes": [
    `f /x - - - - ${LONG}`,
    "Failed to substitute specifiers in argument: File name too long (argument is longer than 4095 bytes)",
    1,
  ],
  "a line of a mebibyte": [
    `f /x - - - - ${"a".repeat(1 << 20)}`,
    "No buffer space available (split it up)",
    1,
  ],
  "a byte order mark": [
    "\ufefff /x",
    "Unknown modifiers in command: \\xef\\xbb\\xbff (save the file without a byte order mark)",
    65,
  ],
  "an age that overflows": [
    "d /x - - - 99999999999999999999y",
    'Invalid age \'99999999999999999999y\'. (expected a time span such as "10d" or "1h 30min")',
    65,
  ],
};

for (const [what, [text, said, status]] of Object.entries(FIRST_LINES)) {
  test(`${what} is reported, and the next line runs`, () => {
    using scratch = new Scratch();
    const config = join(scratch.path, "t.conf");
    writeFileSync(config, `${text}\nd ${scratch.path}/made\n`);
    const stderr = `${config}:1: ${said}\n`;
    assert.deepEqual(mayfly(["tmpfiles", "--create", config]), { status, stdout: "", stderr });
    assert.ok(existsSync(join(scratch.path, "made")));
    assert.match(mayfly(["create", config]).stderr, new RegExp(`^${config}:1: error: [^\\n]+\\n$`));
  });
}

test("unreadable configuration is reported with its path and the reason", () => {
  using scratch = new Scratch();
  mkdirSync(join(scratch.path, "directory"));
  symlinkSync("loop", join(scratch.path, "loop"));
  for (const [name, why] of [
    ["missing", "No such file or directory"],
    ["directory", "Is a directory"],
    ["loop", "Too many levels of symbolic links"],
  ]) {
    const path = join(scratch.path, name ?? "");
    const stderr = `Failed to read '${path}': ${why}\n`;
    assert.deepEqual(mayfly(["tmpfiles", "--create", path]), { status: 1, stdout: "", stderr });
  }
});

test("a failed write to standard output is reported and fails", () => {
  const into = (redirection: string, ...args: string[]) =>
    start("sh", ["-c", `exec "$@" ${redirection}`, "sh", process.execPath, MAYFLY, ...args]);
  const commands = [["--help"], ["tmpfiles", "--help"], ["tmpfiles", "--cat-config"], ["check", "/dev/null"]];
  for (const command of commands) {
    assert.deepEqual(into(">/dev/full", ...command), {
      status: 1,
      stdout: "",
      stderr: "mayfly: standard output: No space left on device\n",
    });
  }
  // Whoever closes it wants nothing of it.
  for (const redirection of [">&-", "2>/dev/full", "<&- >&- 2>&-"])
    assert.equal(into(redirection, "tmpfiles", "--create", "-n", "--inline", "d /x").status, 0);
});

test("a missing image is reported with its name unescaped", () => {
  const { status, stderr } = mayfly(["create", "--image=/nonexistent/\x1b[31m"]);
  assert.equal(status, 1);
  assert.match(stderr, /\/nonexistent\/\\x1b\[31m: No such file or directory\n$/);
});
