import assert from "node:assert/strict";
import { lstatSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { temporaryName } from "#src/path/workplace.js";
import { Fd, O_DIRECTORY, O_PATH, openat } from "#src/sys/files.js";
import { type Arena, isRoot, openArena } from "./arena.js";
import { openCleaner } from "./cleaner.js";
import { SWAPS, underAttack } from "./under-attack.js";

/** What many a script does: it looks at a path, and then acts on the path. Here to show that the attacker would win. */
function removeByPath(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    try {
      if (lstatSync(path).isDirectory()) {
        removeByPath(path);
        rmdirSync(path);
      } else unlinkSync(path);
    } catch {
      // Swapped under its feet: it goes on, as such scripts do.
    }
  }
}

function writeByPath(directory: string): void {
  for (let n = 0; n < 24; n++) {
    try {
      if (lstatSync(directory).isDirectory()) writeFileSync(join(directory, `f${n}`), "written");
    } catch {
      // As above.
    }
  }
}

async function withArena(use: (arena: Arena) => Promise<void>): Promise<void> {
  const arena = openArena();
  try {
    await use(arena);
  } finally {
    arena.close();
  }
}

for (const [what, unsafe] of [
  ["a remover", (arena: Arena) => removeByPath(arena.tree)],
  ["a writer", (arena: Arena) => writeByPath(arena.victim)],
] as const)
  test(`control: ${what} that resolves a path twice changes files outside`, () =>
    withArena(async (arena) => {
      const { harm } = await underAttack(arena, () => unsafe(arena), { patience: 100 });
      assert.ok(harm.length > 0, "the attacker never won, so the tests below would show nothing");
    }));

/** `@` is the tree. */
const CLEANING: Readonly<Record<string, readonly [args: readonly string[], lines: readonly string[]]>> = {
  "clean of a directory": [["--clean"], ["d @ - - - 0"]],
  "clean by a glob": [["--clean"], ["e @/v* - - - 0", "x @/lure"]],
  "clean of an aged R": [["--clean"], ["R @/victim - - - 0", "R @/lure - - - 0"]],
  "remove of a directory's contents": [["--remove"], ["D @"]],
  "remove of a tree": [["--remove"], ["R @"]],
  purge: [["--purge"], ["d$ @"]],
};

const CREATING: Readonly<Record<string, readonly [args: readonly string[], lines: readonly string[]]>> = {
  "remove below a path": [["--remove"], ["r @/victim/*", "R @/victim/deep", "R @/lure/deep"]],
  "remove by a glob": [["--remove"], ["R @/*/*"]],
  "clean below a path": [["--clean"], ["d @/victim - - - 0", "e @/victim/deep - - - 0", "d @/lure - - - 0"]],
  "create of files": [
    ["--create"],
    ["f @/victim/new 0666 1 1 - x", "f+ @/victim/f1 0666 1 1 - x", "w @/victim/f2 - - - - x"],
  ],
  "create of directories": [
    ["--create"],
    ["d @/victim 0777 1 1", "d @/victim/deep 0777 1 1", "d @/victim/n/n 0777 1 1"],
  ],
  "create of nodes": [
    ["--create"],
    ["p @/victim/p 0666 1 1", "c @/victim/c 0666 1 1 - 1:3", "L @/victim/l - - - - x"],
  ],
  "create with force": [
    ["--create"],
    [
      "L+ @/victim/f1 - - - - x",
      "L+ @/victim/deep - - - - x",
      "p+ @/victim/f2",
      "C+ @/victim - - - - @/../source",
    ],
  ],
  "create in place of the wrong type": [
    ["--create"],
    ["d= @/victim/deep/x 0777 1 1", "f= @/victim/deep - - - - x", "d= @/lure/f1"],
  ],
  "write through a symlink": [
    ["--create"],
    ["w @/note 0666 1 1 - x", "w+ @/pointer 0666 1 1 - x", "w @/*/f3 0666 1 1 - x", "f+ @/pointer - - - - x"],
  ],
  "copy from what the attacker has": [
    ["--create"],
    [
      "C+ @/../copies/file - - - - @/victim/f1",
      "C+ @/../copies/lure - - - - @/lure/f2",
      "C+ @/../copies/tree - - - - @/lure/deep",
      "C+ @/../copies/note - - - - @/note",
    ],
  ],
  copy: [["--create"], ["C @/victim/copy - - - - @/../source", "C @/lure/copy 0777 1 1 - @/../source"]],
  adjust: [["--create"], ["z @/victim/* 0777 1 1", "Z @ 0777 1 1", "Z @/victim 0777 1 1", "e @/* 0777 1 1"]],
  "adjust extended attributes and ACLs": [
    ["--create"],
    ["T @ - - - - user.a=b", "A @ - - - - u:1:rwx", "t @/victim/* - - - - user.a=c", "H @ - - - - +d"],
  ],
};

for (const jobs of [1, 2, 8])
  for (const [what, [args, lines]] of Object.entries(CLEANING))
    test(`${what} with ${jobs} jobs changes nothing outside`, (t) =>
      withArena(async (arena) => {
        const cleaner = openCleaner(arena, args, lines, jobs);
        const { harm, swaps } = await underAttack(arena, () => cleaner.run());
        cleaner.close();
        assert.deepEqual(harm, []);
        t.diagnostic(`${swaps} swaps`);
        assert.ok(swaps >= SWAPS);
      }));

// As an ordinary user all inodes have one owner, and a symlink in a path is then followed by right.
const skip = isRoot ? false : "needs root: the attacker and the canary's owner have to be two";
for (const [what, [args, lines]] of Object.entries(CREATING))
  test(`${what} changes nothing outside`, { skip }, (t) =>
    withArena(async (arena) => {
      const cleaner = openCleaner(arena, args, lines);
      const { harm, swaps } = await underAttack(arena, () => cleaner.run());
      cleaner.close();
      assert.deepEqual(harm, []);
      t.diagnostic(`${swaps} swaps`);
      assert.ok(swaps >= SWAPS);
    }),
  );

/** The names under which these lines make what they make, each with a symlink that the attacker puts in its place. */
function temporaryNames({ folder, tree, lure, pointer }: Arena): string[] {
  // Not in the tree: while that belongs to the attacker, none are used there.
  using dir = openat(Fd.cwd, bytes(folder), O_PATH | O_DIRECTORY);
  return ["made", "pipe", "device", "link", "copied"].flatMap((name, at) => [
    join(tree, String(temporaryName(dir, bytes(name)))),
    at % 2 === 0 ? lure : pointer,
  ]);
}

test("create under temporary names that are swapped changes nothing outside", { skip }, (t) =>
  withArena(async (arena) => {
    const cleaner = openCleaner(
      arena,
      ["--create"],
      [
        "d @/made 0777 1 1",
        "p @/pipe 0666 1 1",
        "c @/device 0666 1 1 - 1:3",
        "L @/link - 1 1 - x",
        "C @/copied 0777 1 1 - @/../source",
      ],
    );
    // They exist for a moment only, so few swaps succeed.
    const { harm, swaps } = await underAttack(arena, () => cleaner.run(), {
      patience: 0.2,
      swapped: temporaryNames(arena),
    });
    cleaner.close();
    assert.deepEqual(harm, []);
    t.diagnostic(`${swaps} swaps`);
    assert.ok(swaps > 0);
  }),
);
