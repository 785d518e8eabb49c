/** The output of the drop-in if systemd connects its standard error to the journal. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY, Scratch } from "./program.js";

/** The standard error of a run under the environment variable of a stream that leads to the journal. */
function written(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  using scratch = new Scratch();
  const stream = join(scratch.path, "stream");
  const fd = openSync(stream, "w");
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    const { PATH } = process.env;
    spawnSync(process.execPath, [MAYFLY, "tmpfiles", "--dry-run", "--create", ...args], {
      env: { PATH, CACHE_DIRECTORY: scratch.path, JOURNAL_STREAM: `${dev}:${ino}`, ...env },
      stdio: ["ignore", "ignore", fd],
    });
  } finally {
    closeSync(fd);
  }
  return readFileSync(stream, "latin1");
}

/** journald takes a level of one digit off each line, and leaves all else in the message (sd-daemon(3)). */
const JOURNAL_LINE = /^<[0-7]>[^<]/;
const MESSAGES = {
  error: ["--inline", "d /x 99999"],
  warning: ["--inline", "d /x - - - - argument"],
  action: ["--inline", "d /nonexistent/directory"],
  unreadable: ["/nonexistent.conf"],
};

for (const [level, args] of Object.entries(MESSAGES))
  test(`each line for the journal begins with its level alone: ${level}`, () => {
    for (const target of [undefined, "auto", "journal", "journal-or-kmsg", "console-prefixed"]) {
      const env = {
        SYSTEMD_LOG_LEVEL: "debug",
        ...(target === undefined ? {} : { SYSTEMD_LOG_TARGET: target }),
      };
      const lines = written(args, env).trimEnd().split("\n");
      for (const line of lines) assert.match(line, JOURNAL_LINE, `${target}`);
    }
  });

test("an error has level 3 in the journal, and a line for the console has none", () => {
  const line = MESSAGES.error;
  assert.match(written(line), /^<3>\(argument\):1: ./m);
  assert.match(written(line, { SYSTEMD_LOG_TARGET: "console" }), /^\(argument\):1: ./m);
  assert.match(written(line, { JOURNAL_STREAM: "1:1" }), /^\(argument\):1: ./m);
});
