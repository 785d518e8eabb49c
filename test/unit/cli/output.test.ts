import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, bytes, fromBuffer, toBuffer } from "#src/base/bytes.js";
import { SyscallError } from "#src/base/errors.js";
import type { Event, Source } from "#src/base/events.js";
import { colors } from "#src/cli/colors.js";
import { openLog } from "#src/cli/drop-in/log.js";
import { dropInReporter } from "#src/cli/drop-in/reporter.js";
import { failure, number, plainFailure, size } from "#src/cli/format.js";
import { rendered } from "#src/cli/terminal.js";
import { eventJson } from "#src/cli/verbs/json.js";
import { progressOn } from "#src/cli/verbs/progress.js";

const NASTY = "/tmp/\x1b]0;x\x07\n\xff" as Bytes;
const line = (text: string): Source => ({ file: bytes("/etc/t.conf"), line: 3, text: bytes(text) });

function asWritten(text: string | Uint8Array): Buffer {
  return toBuffer(rendered(typeof text === "string" ? bytes(text) : fromBuffer(text), false));
}

function memory() {
  const chunks: Buffer[] = [];
  return {
    isTerminal: false,
    problem: undefined,
    closed: false,
    columns: undefined,
    write: (text: string | Uint8Array) => void chunks.push(asWritten(text)),
    flush: () => {},
    text: () => Buffer.concat(chunks).toString("latin1"),
    lines: () => Buffer.concat(chunks).toString("latin1").split("\n").slice(0, -1),
  };
}

function dropIn(events: readonly Event[], env: NodeJS.ProcessEnv, terminal = false): string[] {
  const output = memory();
  const reporter = dropInReporter(openLog(output, env), terminal);
  for (const event of events) reporter.report(event);
  return output.lines();
}

const removed = (over: Partial<Extract<Event, { type: "removed" }>>): Event => ({
  type: "removed",
  path: bytes("/a"),
  kind: "file",
  bytes: 0,
  operation: "remove",
  target: true,
  done: false,
  source: line("R /a"),
  ...over,
});

test("removals are reported with the messages of 262", () => {
  const said = dropIn(
    [
      removed({ source: line("r /a") }),
      removed({}),
      removed({ kind: "directory" }),
      removed({ target: false }),
      removed({ target: false, kind: "directory" }),
      removed({ operation: "purge", source: line("r$ /a") }),
    ],
    {},
  );
  assert.deepEqual(said, [
    'Would remove "/a".',
    'Would remove file "/a".',
    'Would remove directory "/a".',
    'Would remove "/a"',
    'Would remove directory "/a"',
    'Would remove file "/a".',
  ]);
});

test("actions are reported at level debug, problems at every level but the lowest", () => {
  const events: Event[] = [
    removed({ done: true }),
    {
      type: "diagnostic",
      diagnostic: {
        file: bytes("/etc/t.conf"),
        line: 7,
        column: 2,
        severity: "error",
        code: "unknown-type",
        message: "there is no type 'y'",
      },
    },
  ];
  const wrong = "/etc/t.conf:7: there is no type 'y'";
  assert.deepEqual(dropIn(events, {}), [wrong]);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_LEVEL: "debug" }), ['Removing file "/a".', wrong]);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_LEVEL: "7" }), ['Removing file "/a".', wrong]);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_LEVEL: "debug,console:info" }), [wrong]);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_LEVEL: "crit" }), []);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_TARGET: "null" }), []);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_TARGET: "console-prefixed" }), [`<27>${wrong}`]);
  assert.deepEqual(dropIn(events, { SYSTEMD_LOG_LEVEL: "loud" }), [
    "Failed to parse log level 'loud', ignoring: Invalid argument",
    wrong,
  ]);
});

test("a pipe gets names byte for byte, a terminal never", () => {
  const event = removed({ path: NASTY, target: false });
  assert.deepEqual(dropIn([event], {}), ['Would remove "/tmp/\x1b]0;x\x07', '\xff"']);
  assert.deepEqual(dropIn([event], {}, true), ['Would remove "/tmp/\\x1b]0;x\\x07\\n\\xff"']);
});

test("JSON has names as text, and as bytes if they are not UTF-8", () => {
  const parsed = JSON.parse(eventJson(removed({ path: NASTY, bytes: 12 })));
  assert.equal(parsed.path, "/tmp/\x1b]0;x\x07\n\ufffd");
  assert.equal(Buffer.from(parsed.pathBase64, "base64").toString("latin1"), NASTY);
  assert.equal(parsed.bytes, 12);
  assert.deepEqual(parsed.source, { file: "/etc/t.conf", line: 3, text: "R /a" });
  assert.equal("pathBase64" in JSON.parse(eventJson(removed({ path: bytes("/ä") }))), false);
});

test("JSON contains no control characters", () => {
  const path = bytes("/\u009b31m\u202e\u2028\x7f\u{e0001}");
  const text = eventJson(removed({ path }));
  assert.match(text, /^[\x20-\x7e]*$/);
  assert.equal(bytes(JSON.parse(text).path), path);
});

test("JSON has times to the nanosecond, also before 1970", () => {
  const kept = (time: bigint): unknown =>
    JSON.parse(
      eventJson({
        type: "kept",
        path: bytes("/a"),
        kind: "file",
        reason: { code: "too-new", timestamp: "mtime", time },
        source: line("d /"),
      }),
    ).reason.time;
  assert.equal(kept(1_000_000_000_123_456_789n), "2001-09-09T01:46:40.123456789Z");
  assert.equal(kept(-1n), "1969-12-31T23:59:59.999999999Z");
  assert.equal(kept(-1_500_000_000n), "1969-12-31T23:59:58.500000000Z");
});

test("colours depend on the terminal and on NO_COLOR", () => {
  const coloured = (isTerminal: boolean, env: NodeJS.ProcessEnv): boolean =>
    colors({ isTerminal }, env)("red", "x") !== "x";
  assert.equal(coloured(true, { TERM: "xterm" }), true);
  assert.equal(coloured(true, { TERM: "dumb" }), false);
  assert.equal(coloured(true, {}), false);
  assert.equal(coloured(false, { TERM: "xterm" }), false);
  assert.equal(coloured(true, { TERM: "xterm", NO_COLOR: "1" }), false);
  assert.equal(coloured(true, { TERM: "xterm", NO_COLOR: "" }), true);
  assert.equal(coloured(false, { FORCE_COLOR: "1" }), true);
  assert.equal(coloured(false, { FORCE_COLOR: "1", NO_COLOR: "1" }), false);
});

test("progress appears after a delay, is limited in rate, and is erased", () => {
  const screen = memory();
  let now = 0;
  const progress = progressOn({ ...screen, isTerminal: true }, "removed", { TERM: "xterm" }, () => now);
  const at = (milliseconds: number, entries: number, removed = 0): void => {
    now = milliseconds;
    progress.update({ entries, removed, path: bytes("/srv/a\n") });
  };
  at(100, 1);
  progress.clear();
  assert.equal(screen.text(), "");
  at(800, 1234);
  at(801, 1235);
  at(802, 1236);
  at(950, 2000, 1500);
  progress.clear();
  progress.clear();
  assert.equal(
    screen.text(),
    "\r\x1b[KExamined 1,234 entries: /srv/a\\n\r\x1b[KExamined 2,000 entries, removed 1,500: /srv/a\\n\r\x1b[K",
  );
});

test("there is no progress in a pipe or on a dumb terminal", () => {
  const screen = memory();
  let now = 0;
  for (const [isTerminal, TERM] of [
    [false, "xterm"],
    [true, "dumb"],
  ] as const) {
    const progress = progressOn({ ...screen, isTerminal }, "removed", { TERM }, () => now);
    now += 10_000;
    progress.update({ entries: 5, removed: 0, path: bytes("/srv") });
    progress.clear();
  }
  assert.equal(screen.text(), "");
});

test("a failure names the path, the reason, and with --verbose the call", () => {
  const error = new SyscallError("EACCES", 13, "openat", ['3</tmp>, "x"'], bytes("/tmp/x"));
  assert.equal(failure(bytes("/tmp/x"), error), '/tmp/x: Permission denied (openat(3</tmp>, "x"): EACCES)');
  assert.equal(failure(bytes("/tmp/x"), new Error("no such thing")), "/tmp/x: no such thing");
});

test("without --verbose, a failure names the operation and the path", () => {
  const error = (syscall: string, path: string) =>
    new SyscallError("EPERM", 1, syscall, ["..."], bytes(path));
  const said = (one: SyscallError): string => plainFailure(bytes("/var/log"), one);
  assert.equal(said(error("openat", "/var/log")), "/var/log: cannot open: Operation not permitted");
  assert.equal(
    said(error("mkdirat", "/var/log/a")),
    "/var/log: cannot create /var/log/a: Operation not permitted",
  );
  assert.equal(said(error("ioctl", "/var/log")), "/var/log: ioctl failed: Operation not permitted");
  assert.equal(plainFailure(bytes("/a"), new Error("is a mount point")), "/a: is a mount point");
});

test("sizes and numbers are formatted for people", () => {
  assert.deepEqual(
    [0, 999, 1023, 1024, 4096, 10_239, 10_240, 1_048_575, 1_234_567].map((each) => size(each)),
    ["0B", "999B", "1023B", "1.0K", "4.0K", "10K", "10K", "1.0M", "1.2M"],
  );
  assert.deepEqual([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
});
