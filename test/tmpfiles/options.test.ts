import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, bytes, check, type RunOptions, run } from "#src/tmpfiles/index.js";

/** What a program in JavaScript may pass, and what it is told. Nothing of it may run the host's configuration. */
const WRONG: readonly (readonly [options: unknown, said: RegExp])[] = [
  [{}, /^operations: an array$/],
  [{ operations: [] }, /^operations: some of create, remove, clean, purge$/],
  [{ operations: ["tidy"] }, /^operations: some of /],
  [{ operations: ["purge"] }, /^args: --purge needs /],
  [{ operations: ["create"], args: "d /x" }, /^args: an array$/],
  [{ operations: ["create"], args: ["d /\u20ac"] }, /^args: Bytes, /],
  [{ operations: ["create"], root: "below" }, /^root: an absolute path$/],
  [{ operations: ["create"], replace: "/etc/tmpfiles.d/x.conf" }, /^args: with replace, /],
  [{ operations: ["create"], replace: "x.conf", args: ["y.conf"] }, /^replace: an absolute path$/],
  [{ operations: ["clean"], jobs: 0 }, /^jobs: a whole number above 0$/],
  [{ operations: ["clean"], index: 7 }, /^index: Bytes, /],
];

test("wrong options are told, and nothing is run", () => {
  const reporter = { wantsKept: false, report: () => assert.fail("something was run") };
  for (const [options, said] of WRONG) {
    const dry = { dryRun: true, ...(options as RunOptions) };
    assert.throws(() => run(dry, reporter), { name: "TypeError", message: said });
  }
  assert.throws(() => check({ args: ["\u20ac" as Bytes] }), { name: "TypeError", message: /^args: Bytes, / });
  assert.deepEqual(check({ args: [bytes("d /run/x")], inline: true }), []);
});
