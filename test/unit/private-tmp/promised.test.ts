/** The promised list, reap and locate give what their Sync twins do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { list, listSync, locate, locateSync, reap, reapSync, SetupError } from "#src/private-tmp/index.js";

/** Compares both once nothing changed meanwhile: other programs of this user start and end private directories, too. */
async function agreeOnceSteady(sync: () => string[], promised: () => Promise<string[]>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const before = sync();
    const found = await promised();
    if (!isDeepStrictEqual(before, sync())) continue;
    assert.deepEqual(found, before);
    return;
  }
  assert.fail("the private directories of this user change all the time");
}

test("list, reap and locate give what their Sync twins do", async () => {
  const names = (all: Awaited<ReturnType<typeof list>>): string[] =>
    all.map(({ name, target, maker }) => JSON.stringify({ name, target, maker }));
  await agreeOnceSteady(
    () => names(listSync()),
    async () => names(await list()),
  );
  await agreeOnceSteady(
    () => reapSync({ dryRun: true }).map(({ path }) => path),
    async () => (await reap({ dryRun: true })).map(({ path }) => path),
  );
  const asked = "no-such-name-at-all";
  const refusal = (error: unknown): boolean => error instanceof SetupError && error.code === "NOT_FOUND";
  assert.throws(() => locateSync(asked), refusal);
  await assert.rejects(locate(asked), refusal);
});
