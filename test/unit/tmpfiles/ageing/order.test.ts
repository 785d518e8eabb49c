import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { runSync } from "#src/tmpfiles/run/run.js";
import { scratch } from "../../../scratch.js";
import { LATER } from "./cleaning.js";

function staysAfter(t: TestContext, lines: (top: string) => string[]): boolean {
  const top = scratch(t);
  mkdirSync(join(top, "emptied"));
  writeFileSync(join(top, "emptied/file"), "");
  const args = lines(top).map(bytes);
  const { exitStatus } = runSync(
    { args, inline: true, environment: {}, operations: ["clean"], clock: LATER },
    { wantsKept: false, report: () => {} },
  );
  assert.equal(exitStatus, 0);
  assert.equal(existsSync(join(top, "emptied/file")), false);
  return existsSync(join(top, "emptied"));
}

test("nested lines clean in the order in which they are written", (t) => {
  const above = (top: string): string => `d ${top} - - - 0`;
  const empties = (top: string): string => `X ${top}/emptied - - - 10d`;
  const removes = (top: string): string => `r ${top}/e* - - - 10d`;
  for (let again = 0; again < 8; again++) {
    assert.equal(
      staysAfter(t, (top) => [above(top), empties(top), removes(top)]),
      false,
    );
    assert.equal(
      staysAfter(t, (top) => [above(top), removes(top), empties(top)]),
      true,
    );
  }
});
