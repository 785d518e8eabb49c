import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { mkdtempSync, mkstempSync } from "#src/index.js";
import { firstOutput } from "../children.js";
import { scratch } from "../scratch.js";
import { ageInALoop, cleanerMissing } from "../unit/temp/ageing.js";

const DIRECTORIES = Number(process.env.DIRECTORIES ?? 10_000);
const FILES = 5000;
/** So many are held at a time. */
const HELD = 16;

interface Held extends Disposable {
  readonly path: string;
}

/** Makes `count` of them, holds each for a while, and counts those that are lost while they are held. */
function lost(count: number, make: () => Held): number {
  const held: Held[] = [];
  let missing = 0;
  const drop = (oldest: Held | undefined): void => {
    if (oldest === undefined) return;
    if (!existsSync(oldest.path)) missing++;
    oldest[Symbol.dispose]();
  };
  for (let index = 0; index < count; index++) {
    held.push(make());
    if (held.length > HELD) drop(held.shift());
  }
  for (const rest of held) drop(rest);
  return missing;
}

async function tightCleaner(t: TestContext, dir: string) {
  const script = join(import.meta.dirname, "tight-cleaner.js");
  const child = spawn(process.execPath, [script, dir], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill());
  await firstOutput(child);
  return async (): Promise<number> => {
    child.stdin.end();
    return Number(await text(child.stdout));
  };
}

function withContent(dir: string): Held {
  const made = mkdtempSync({ dir });
  writeFileSync(join(made.path, "file"), "x");
  return made;
}

test(`${DIRECTORIES} directories against a cleaner with age 0: none is lost, and nothing is thrown`, async (t) => {
  const dir = scratch(t);
  const end = await tightCleaner(t, dir);
  const emptyLost = lost(DIRECTORIES - 5000, () => mkdtempSync({ dir }));
  const filledLost = lost(5000, () => withContent(dir));
  const taken = await end();
  t.diagnostic(
    `the cleaner took ${taken} in the moment before they were locked; others were made in their place`,
  );
  assert.deepEqual({ emptyLost, filledLost }, { emptyLost: 0, filledLost: 0 });
});

test(`${FILES} named files against a cleaner with age 0: none is lost`, async (t) => {
  const dir = scratch(t);
  const end = await tightCleaner(t, dir);
  assert.equal(
    lost(FILES, () => mkstempSync({ dir })),
    0,
  );
  await end();
});

test("directories against the real systemd-tmpfiles with age 0 in a loop", (t) => {
  const missing = cleanerMissing();
  if (missing !== false) return t.skip(missing);
  const folder = scratch(t);
  const dir = join(folder, "aged");
  mkdirSync(dir);
  const cleaner = ageInALoop({ dir, folder, age: "0" });
  t.after(() => cleaner.kill());
  assert.equal(
    lost(3000, () => withContent(dir)),
    0,
  );
});
