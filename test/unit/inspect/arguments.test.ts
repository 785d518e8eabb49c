/** Arguments are checked before anything is done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, forecast, watch } from "#src/inspect/index.js";
import { enter, locate, reap, runPrivately as run } from "#src/private-tmp/index.js";

type Call = (...args: readonly unknown[]) => unknown;

const WRONG: readonly (readonly [call: unknown, args: readonly unknown[], message: RegExp])[] = [
  [explain, [], /^explain: paths must be a path.*, or an array/],
  [explain, [[5]], /^explain: paths must be/],
  [explain, [""], /^explain: paths must be a path.*, not ""$/],
  [explain, ["/tmp", "x"], /^explain: options must be an object, not "x"$/],
  [forecast, [5], /^forecast: paths must be/],
  [watch, [], /^watch: paths must be/],
  [watch, [{}], /^watch: paths must be/],
  [run, ["ls"], /^run: command must be an array, each of its elements a string, not "ls"$/],
  [run, [["ls"], null], /^run: options must be an object, not null$/],
  [enter, [{}, ["ls"]], /^enter: asked must be the number of a process, or the name/],
  [enter, ["web", "ls"], /^enter: command must be an array/],
  [locate, [], /^locate: asked must be the number of a process/],
  [reap, [{ dryrun: true }], /^reap: unknown option "dryrun" \(did you mean "dryRun"\?\)$/],
];

for (const [call, args, message] of WRONG) {
  test(`refused: ${message.source}`, async () => {
    await assert.rejects(async () => (call as Call)(...args), { name: "TypeError", message });
  });
}

test("one path needs no array", () => {
  const [explanation] = explain("/tmp/x");
  assert.equal(explanation?.path, "/tmp/x");
});
