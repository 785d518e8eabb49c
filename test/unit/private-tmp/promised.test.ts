/** The promised list, reap and locate give what their Sync twins do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { list, listSync, locate, locateSync, reap, reapSync, SetupError } from "#src/private-tmp/index.js";

test("list, reap and locate give what their Sync twins do", async () => {
  const names = (all: Awaited<ReturnType<typeof list>>): unknown[] =>
    all.map(({ name, target, maker }) => ({ name, target, maker }));
  assert.deepEqual(names(await list()), names(listSync()));
  const kept = reapSync({ dryRun: true }).map(({ path }) => path);
  assert.deepEqual(
    (await reap({ dryRun: true })).map(({ path }) => path),
    kept,
  );
  const asked = "no-such-name-at-all";
  const refusal = (error: unknown): boolean => error instanceof SetupError && error.code === "NOT_FOUND";
  assert.throws(() => locateSync(asked), refusal);
  await assert.rejects(locate(asked), refusal);
});
