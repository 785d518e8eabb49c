import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

function remove(...lines: string[]): number {
  const reporter = { wantsKept: false, report: () => {} };
  return runSync({ operations: ["remove"], inline: true, args: lines.map(bytes) }, reporter).exitStatus;
}

function tree(t: TestContext): string {
  const top = scratch(t);
  mkdirSync(`${top}/there/below`, { recursive: true });
  writeFileSync(`${top}/there/below/file`, "");
  return top;
}

test("lines whose directory is missing do nothing, and the others all they say", (t) => {
  const top = tree(t);
  const status = remove(
    `r ${top}/gone/file`,
    `R ${top}/gone/deeper/*/file`,
    `R ${top}/gone/deeper/{a,b}*`,
    `r ${top}/there/below/fi*`,
    `r ${top}/gone/file2`,
  );
  assert.equal(status, 0);
  assert.equal(existsSync(`${top}/there/below/file`), false);
});

test("braces are no directory of their own", (t) => {
  const top = tree(t);
  assert.equal(remove(`D ${top}/{there,gone}/below`, `r ${top}/{there,gone}/below/f*`), 0);
  assert.equal(existsSync(`${top}/there/below/file`), false);
});

test("an escape is no part of a directory's name", (t) => {
  const top = tree(t);
  assert.equal(remove(`D ${top}/\\\\there/below`, `r ${top}/\\\\there/below/f*`), 0);
  assert.equal(existsSync(`${top}/there/below/file`), false);
});

test("a link that leads nowhere is itself something to remove", (t) => {
  const top = tree(t);
  symlinkSync("nowhere", `${top}/there/link`);
  assert.equal(remove(`r ${top}/there/link`), 0);
  assert.equal(lstatSync(`${top}/there/link`, { throwIfNoEntry: false }), undefined);
});
