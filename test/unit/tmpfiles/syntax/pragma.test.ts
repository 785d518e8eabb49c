import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { Diagnostic } from "#src/base/errors.js";
import { eachWrittenLine } from "#src/tmpfiles/syntax/line.js";
import type { Pragmas } from "#src/tmpfiles/syntax/pragma.js";

interface Read {
  readonly pragmas: (Pragmas | undefined)[];
  readonly problems: string[];
}

function read(content: string): Read {
  const pragmas: (Pragmas | undefined)[] = [];
  const problems: string[] = [];
  const report = ({ line, column, code, message, text }: Diagnostic): void => {
    assert.ok(text !== undefined && message !== "");
    problems.push(`${line}:${column} ${code}`);
  };
  eachWrittenLine(bytes("a.conf"), bytes(content), (_, found) => pragmas.push(found), report);
  return { pragmas, problems };
}

const NONE = { keepOpen: false, wholeUnits: false, afterClockSync: false, invalid: false };
const OPEN = { ...NONE, keepOpen: true };

test("a pragma is for the next line alone", () => {
  const { pragmas, problems } = read("d /a\n#@ keep-open\n\n# why\nd /b\nd /c\n");
  assert.deepEqual(pragmas, [undefined, OPEN, undefined]);
  assert.deepEqual(problems, []);
});

test("a budget has marks of bytes and inodes", () => {
  const G = 1024 ** 3;
  const budgets: readonly (readonly [string, object])[] = [
    ["#@ max-size=4G low=3G", { size: { max: 4 * G, low: 3 * G }, inodes: undefined }],
    ["#@ low=3G max-size=4G", { size: { max: 4 * G, low: 3 * G }, inodes: undefined }],
    ["#@ max-size=4096", { size: { max: 4096, low: 4096 }, inodes: undefined }],
    ["#@ max-inodes=2K low-inodes=0", { size: undefined, inodes: { max: 2048, low: 0 } }],
    [
      "#@ max-size=1T max-inodes=5 low-inodes=5",
      { size: { max: 1024 * G, low: 1024 * G }, inodes: { max: 5, low: 5 } },
    ],
  ];
  for (const [comment, budget] of budgets)
    assert.deepEqual(read(`${comment}\nd /a\n`), {
      pragmas: [{ ...NONE, budget: { ...budget, evictsEarly: false } }],
      problems: [],
    });
});

test("several stand in one comment or in several, with any blanks", () => {
  for (const comments of ["#@ keep-open after=clock-sync", "  #@\tafter=clock-sync\r\n#@  keep-open  "])
    assert.deepEqual(read(`${comments}\nd /a\n`), {
      pragmas: [{ ...OPEN, afterClockSync: true }],
      problems: [],
    });
});

test("other comments are comments", () => {
  for (const comment of ["# @ keep-open", "#keep-open", "##@ keep-open", "#@VARIABLE@"])
    assert.deepEqual(read(`${comment}\nd /a\n`), { pragmas: [undefined], problems: [] });
});

test("what is wrong is reported where it stands, and the line cleans nothing", () => {
  const cases: [string, string][] = [
    ["#@ keep-opne", "1:4 bad-pragma"],
    ["#@ keep-open=yes", "1:4 bad-pragma"],
    ["#@ after=reboot", "1:4 bad-pragma"],
    ["#@ unit=tree", "1:4 bad-pragma"],
    ["#@ max-size=4X", "1:4 bad-pragma"],
    ["#@ max-size=", "1:4 bad-pragma"],
    ["#@ max-size=-1", "1:4 bad-pragma"],
    ["#@ max-size=99999999E", "1:4 bad-pragma"],
    ["#@ max-size=4G max-size=4G", "1:16 bad-pragma"],
    ["#@ low=3G", "1:1 bad-pragma"],
    ["#@ max-size=3G low=4G", "1:1 bad-pragma"],
    ["#@ max-size=3G low-inodes=4", "1:1 bad-pragma"],
    ["#@ max-size=3G\n#@ max-inodes=4", "2:1 bad-pragma"],
    ["  #@ keep-open keep-open", "1:16 bad-pragma"],
    ["#@ KEEP-OPEN", "1:4 bad-pragma"],
  ];
  for (const [comment, problem] of cases) {
    const { pragmas, problems } = read(`${comment}\nd /a\n`);
    assert.deepEqual(problems, [problem], comment);
    assert.equal(pragmas[0]?.invalid, true, comment);
  }
  assert.deepEqual(read("d /a\n  #@ keep-open\n# the end\n"), {
    pragmas: [undefined],
    problems: ["2:3 bad-pragma"],
  });
});
