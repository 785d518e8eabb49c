/** The drop-in reports problems of lines with the messages of systemd-tmpfiles 262, followed by a hint. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, type Result, Scratch, start } from "../e2e/program.js";
import { reference } from "../reference.js";

const { binary, missing } = reference();
const skip = binary === undefined ? missing : false;

/** For each kind of mistake some spellings. */
const LINES = [
  "d",
  "f+",
  ' "',
  'd "/x',
  "d '/x",
  "d /x\\q",
  'd /x "',
  '"" /x',
  "dd /x",
  "d++ /x",
  "d# /x",
  "y /x",
  "é /x",
  "d /x%y",
  "d /%1",
  "d relative",
  "d ~/x",
  "d ./x",
  "d /var/run/x",
  ...["d", "D", "e", "v", "q", "Q", "p", "x", "X", "r", "R", "z", "Z", "m"].map(
    (letter) => `${letter} /x - - - - a`,
  ),
  ...["w", "a", "A", "t", "T", "h", "H", "k", "K", "c", "b"].map((letter) => `${letter} /x`),
  ...["c", "b", "L", "C", "t", "T", "a", "A", "h", "H", "k", "K"].map(
    (letter) => `${letter}~ /x - - - - YQ==`,
  ),
  ...["1", "a:b", "1:b", ":", "1:", "-1:1", "99999999:1", "1:99999999"].map((text) => `c /x - - - - ${text}`),
  ...["foo", "user.a", "user.a=", "=b", "user.a=%y"].map((text) => `t /x - - - - ${text}`),
  ...["foo", "u:nobodyxx:rwx", "u:0:rwq", "d:u:0"].map((text) => `a /x - - - - ${text}`),
  ...["foo", "cap_foo+ep", "rootuid=x"].map((text) => `k /x - - - - ${text}`),
  ...["+Q", "Q", "+", "-", "+iQ"].map((text) => `h /x - - - - ${text}`),
  ...["x", "X", "r", "R", "z", "Z", "m", "t", "a", "h", "k"].map((letter) => `${letter}$ /x - - - - u:0:r`),
  ...["x", "X", "r", "R", "z", "Z", "m"].map((letter) => `${letter}$ /x`),
  ...["d", "f", "C", "p"].map((letter) => `${letter}? /x`),
  ...["f", "F", "L", "C"].map((letter) => `${letter} /x - - - - a\\q`),
  ...["f", "L", "C"].map((letter) => `${letter} /x - - - - /%y`),
  "C /x - - - - relative",
  ...["99999", "8", "abc", "~~9", "+755", "0x1", "~:"].map((mode) => `d /x ${mode}`),
  ...["nosuch", ":nosuch", ":", "4294967295", "65535", "01", "-1", "ä"].map((user) => `d /x - ${user}`),
  ...["nosuch", ":nosuch", ":", "4294967295"].map((group) => `d /x - - ${group}`),
  ...["1dd", "10parsecs", "zz:1d", ":1d", "~", "a:", "~a:", "~zz:1d", "a:b:1d"].map(
    (age) => `d /x - - - ${age}`,
  ),
  "r /x - - - ~1d",
];

/** A file with such a line is not run at all, so that each has a run of its own. */
const FATAL = [
  "f^ /x",
  "f^ /x - - - - a/b",
  "f~ /x - - - - not*base64",
  "w~ /x - - - - =",
  `d /${"a/".repeat(2500)}`,
];

/** Valid lines that do not apply on this host: reported at level debug. */
const REMARKS = [
  "d! /x",
  "C /x - - - - /nonexistent/source",
  "f^ /x - - - - none",
  "d /y 4755 nosuch",
  "d /z - - nosuch",
  "d /w 0755",
  "d /w 0700",
];

/** The messages of a program about each line, without `FILE:LINE: `. */
function saidOf({ stderr }: Result, file: string): Map<number, string[]> {
  const said = new Map<number, string[]>();
  for (const line of stderr.split("\n")) {
    const [, number = "0", text = ""] = line.startsWith(`${file}:`)
      ? (/^:(\d+): (.*)$/.exec(line.slice(file.length)) ?? [])
      : ["", "0", line];
    said.set(Number(number), [...(said.get(Number(number)) ?? []), text]);
  }
  return said;
}

/** Of these 262 names no line, and some it says at the path of the line, which is not read yet. */
const UNPLACED =
  /^(?:Failed to parse|Malformed|Unknown file attribute|Setting file attribute|Failed to unescape)/;
const withoutPath = (text: string): string =>
  text
    .replace(/^Malformed extended attribute found/, "Failed to parse extended attribute")
    .replace(/ on '\/x'/, "");

function compare(lines: readonly string[], options: readonly string[], env: NodeJS.ProcessEnv): void {
  using scratch = new Scratch();
  const file = join(scratch.path, "t.conf");
  writeFileSync(file, `${lines.join("\n")}\n`);
  const args = ["--create", "--dry-run", ...options, file];
  const theirs = start(binary ?? "", args, { env });
  const ours = mayfly(["tmpfiles", ...args], { env });
  assert.equal(ours.status, theirs.status);
  const [expected, got] = [saidOf(theirs, file), saidOf(ours, file)];
  for (const [number, texts] of expected) {
    if (number === 0) continue;
    const mine = got.get(number) ?? [];
    for (const text of texts) {
      // The message about the escape is on a separate line, which names it.
      if (text === "Failed to substitute specifiers in argument: Invalid argument") continue;
      assert.ok(
        mine.some((each) => each.startsWith(text)),
        `${lines[number - 1]}: ${text}, not ${mine}`,
      );
    }
  }
  const placed = [...got].filter(([number]) => number > 0).flatMap(([, texts]) => texts);
  for (const text of (expected.get(0) ?? []).filter((each) => UNPLACED.test(each)).map(withoutPath)) {
    assert.ok(
      placed.some((each) => each.startsWith(text)),
      `${text}, not ${placed.join("\n")}`,
    );
  }
}

test("the drop-in reports invalid lines with the messages of 262", { skip }, () => {
  compare(LINES, [], {});
});

test("the drop-in reports lines that stop a run as 262 does", { skip }, () => {
  for (const line of FATAL) compare([line], [], { CREDENTIALS_DIRECTORY: "/nonexistent" });
});

test("the drop-in reports ignored lines as 262 does", { skip }, () => {
  const env = { SYSTEMD_LOG_LEVEL: "debug", CREDENTIALS_DIRECTORY: "/nonexistent" };
  compare(REMARKS, ["--graceful"], env);
  compare(["d %t/x"], ["--user"], env);
});

test("the drop-in reports problems of files as 262 does", { skip }, () => {
  using scratch = new Scratch();
  for (const file of [scratch.path, join(scratch.path, "missing")]) {
    const args = ["--create", "--dry-run", file];
    assert.deepEqual(mayfly(["tmpfiles", ...args]), start(binary ?? "", args));
  }
});
