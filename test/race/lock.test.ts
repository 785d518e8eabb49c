import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Arena, openArena } from "./arena.js";
import { openCleaner } from "./cleaner.js";
import { startLocker } from "./locker.js";

const ROUNDS = Number(process.env.ROUNDS ?? 20);

/** Small directories and files, side by side: each is locked by the one while the other comes by. */
function refill(tree: string): void {
  for (let n = 0; n < 8; n++) {
    mkdirSync(join(tree, `d${n}/in`), { recursive: true });
    for (let m = 0; m < 6; m++) writeFileSync(join(tree, `d${n}/in/f${m}`), "");
    writeFileSync(join(tree, `d${n}/f`), "");
    writeFileSync(join(tree, `f${n}`), "");
  }
}

async function besideLocker(
  arena: Arena,
  clean: () => Promise<unknown> | unknown,
): Promise<{ held: number; broken: string[] }> {
  const tree = join(arena.folder, "locked");
  mkdirSync(tree);
  let held = 0;
  const broken: string[] = [];
  for (let rounds = 0; rounds < ROUNDS && broken.length === 0; ) {
    const locker = await startLocker(tree);
    for (let n = 0; n < 20; n++, rounds++) {
      refill(tree);
      await clean();
    }
    const count = await locker.stop();
    held += count.held;
    broken.push(...count.broken);
  }
  return { held, broken };
}

async function withArena(use: (arena: Arena) => Promise<void>): Promise<void> {
  const arena = openArena();
  try {
    await use(arena);
  } finally {
    arena.close();
  }
}

test("control: a cleaner that ignores locks removes locked files", () =>
  withArena(async (arena) => {
    const tree = join(arena.folder, "locked");
    const { broken } = await besideLocker(arena, () => {
      for (const name of readdirSync(tree)) rmSync(join(tree, name), { recursive: true, force: true });
    });
    assert.ok(broken.length > 0, "no lock was ever in the way, so the tests below would show nothing");
  }));

const CASES: Readonly<Record<string, readonly [operation: string, line: string]>> = {
  "clean spares": ["--clean", "d @/../locked - - - 0"],
  "clean by age spares": ["--clean", "d @/../locked - - - m:1us"],
  "an aged R spares": ["--clean", "R @/../locked/* - - - 0"],
};

for (const jobs of [1, 2, 8])
  for (const [what, [operation, line]] of Object.entries(CASES))
    test(`${what} what a program has locked, with ${jobs} jobs`, () =>
      withArena(async (arena) => {
        const path = line.replaceAll("@/../locked", join(arena.folder, "locked"));
        const cleaner = openCleaner(arena, [operation], [path], jobs);
        const { held, broken } = await besideLocker(arena, () => cleaner.run()).finally(cleaner.close);
        assert.deepEqual(broken, []);
        assert.ok(held > 0);
      }));
