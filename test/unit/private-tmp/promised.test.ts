/** The promised list, reap and locate give what their Sync twins do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { list, listSync, locate, locateSync, reap, reapSync, SetupError } from "#src/private-tmp/index.js";

/** Compares both until they agree: other programs of this user start and end private directories, too. */
async function agreeSoon(sync: () => string[], promised: () => Promise<string[]>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) if (isDeepStrictEqual(await promised(), sync())) return;
  assert.deepEqual(await promised(), sync());
}

test("list, reap and locate give what their Sync twins do", async () => {
  const names = (all: Awaited<ReturnType<typeof list>>): string[] =>
    all.map(({ name, target, maker }) => JSON.stringify({ name, target, maker }));
  await agreeSoon(
    () => names(listSync()),
    async () => names(await list()),
  );
  await agreeSoon(
    () => reapSync({ dryRun: true }).map(({ path }) => path),
    async () => (await reap({ dryRun: true })).map(({ path }) => path),
  );
  const asked = "no-such-name-at-all";
  const refusal = (error: unknown): boolean => error instanceof SetupError && error.code === "NOT_FOUND";
  assert.throws(() => locateSync(asked), refusal);
  await assert.rejects(locate(asked), refusal);
});
