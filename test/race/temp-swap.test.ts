import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, lchownSync, mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { mkdtempSync, mkstempSync, openTempSync, SyscallError, UnsafePathError } from "#src/index.js";
import { firstOutput } from "../children.js";
import { cannotBeNobody } from "../ordinary-user.js";
import { scratch } from "../scratch.js";
import { needsRoot } from "../unit/temp/environment.js";

const CALLS = 20_000;
const NOBODY = 65534;

/** A folder in which `parent` and `lure`, a symlink that leads outside, swap names all the time. */
function arena(t: TestContext) {
  const base = scratch(t);
  chmodSync(base, 0o755);
  const folder = join(base, "folder");
  const outside = join(base, "outside");
  for (const path of [folder, outside, join(folder, "parent")]) mkdirSync(path);
  symlinkSync(outside, join(folder, "lure"));
  return { folder, outside };
}

async function startSwapping(t: TestContext, folder: string, uid?: number) {
  const script = join(import.meta.dirname, "parent-swapper.js");
  const owner = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "pipe", "inherit"], ...owner });
  t.after(() => child.kill());
  await firstOutput(child);
  return async (): Promise<number> => {
    child.stdin.end();
    return Number(await text(child.stdout));
  };
}

interface Counts {
  made: number;
  refused: number;
  readonly outside: string[];
}

/** Calls each function in turn, and asks the kernel where what they made lies. */
function callAll(folder: string): Counts {
  const dir = join(folder, "parent");
  const counts: Counts = { made: 0, refused: 0, outside: [] };
  const makers = [mkdtempSync, mkstempSync, openTempSync];
  for (let call = 0; call < CALLS; call++) {
    try {
      using made = makers[call % makers.length]?.({ dir });
      if (made === undefined) continue;
      const place = readlinkSync(`/proc/self/fd/${made.fd}`);
      if (!place.startsWith(`${folder}/`)) counts.outside.push(place);
      counts.made++;
    } catch (error) {
      if (!(error instanceof UnsafePathError || error instanceof SyscallError)) throw error;
      counts.refused++;
    }
  }
  return counts;
}

test(`${CALLS} calls while an attacker swaps the parent for a symlink create nothing outside`, async (t) => {
  const { folder, outside } = arena(t);
  const before = statSync(outside, { bigint: true });
  const end = await startSwapping(t, folder);
  const counts = callAll(folder);
  const swaps = await end();
  t.diagnostic(`${swaps} swaps; ${counts.made} made, ${counts.refused} refused`);
  assert.ok(swaps > CALLS && counts.made > 0 && counts.refused > 0);
  assert.deepEqual(counts.outside, []);
  assert.deepEqual(readdirSync(outside), []);
  assert.equal(statSync(outside, { bigint: true }).mtimeNs, before.mtimeNs);
});

test("other users of a sticky directory gain nothing by swapping their files", {
  skip: needsRoot || cannotBeNobody,
}, async (t) => {
  const { folder, outside } = arena(t);
  chmodSync(folder, 0o1777);
  for (const name of ["parent", "lure"]) lchownSync(join(folder, name), NOBODY, NOBODY);
  const before = statSync(outside, { bigint: true });
  const end = await startSwapping(t, folder, NOBODY);
  const counts = callAll(folder);
  const swaps = await end();
  t.diagnostic(`${swaps} swaps; ${counts.made} made, ${counts.refused} refused`);
  assert.deepEqual(counts, { made: 0, refused: CALLS, outside: [] });
  assert.equal(statSync(outside, { bigint: true }).mtimeNs, before.mtimeNs);
});
