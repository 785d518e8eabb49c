/**
 * An ordinary user renames inodes of root's in a directory of his own, as far as the kernel lets him, while root runs lines on
 * paths below it. None gets him what root has, where it would not without his renaming.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsRoot } from "../requirements.js";
import { openCleaner } from "./cleaner.js";
import { ATTACKER, openRootsArena, type Pairs } from "./roots-arena.js";
import { SWAPS, underAttack } from "./under-attack.js";

const EXISTING: Pairs = {
  note: { kind: "file" },
  victim: { kind: "directory" },
  pipe: { kind: "fifo" },
};

/** Free names, and what of root's the attacker moves there. */
const free = (pairs: Readonly<Record<string, "file" | "directory" | "fifo">>): Pairs =>
  Object.fromEntries(Object.entries(pairs).map(([name, kind]) => [name, { kind, free: true }]));

interface Case {
  readonly pairs: Pairs;
  readonly args?: readonly string[];
  /** `@` is the attacker's directory, `%` the owner that a line gives. */
  readonly lines: readonly string[];
  /** The lines remove what they find: root's inodes, too. */
  readonly mayVanish?: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  "adjust existing inodes": {
    pairs: EXISTING,
    lines: [
      "z @/note 0666 %",
      "m @/pipe 0666 %",
      "z @/* 0666 %",
      "Z @/victim 0777 %",
      "e @/victim 0777 %",
      "e @/* 0777 %",
    ],
  },
  "set attributes": {
    pairs: EXISTING,
    lines: [
      "t @/note - - - - user.a=b",
      "T @/victim - - - - user.a=b",
      "a @/note - - - - u:65534:rwx",
      "A @/victim - - - - u:65534:rwx",
      "a @/* - - - - u:65534:rwx",
      "h @/note - - - - +d",
    ],
  },
  "create another type where something exists": {
    pairs: EXISTING,
    lines: [
      "d @/note 0777 %",
      "D @/pipe 0777 %",
      "q @/note 0777 %",
      "p @/victim 0666 %",
      "L @/note 0666 % - x",
      "c @/pipe 0666 % - 1:3",
      "f @/victim 0666 % - x",
      "f+ @/pipe 0666 % - x",
      "w @/victim 0666 % - x",
    ],
  },
  "create under free names": {
    pairs: free({
      d: "file",
      v: "fifo",
      p: "directory",
      L: "file",
      c: "directory",
      f: "fifo",
      g: "directory",
    }),
    lines: [
      "d @/d 0777 %",
      "v @/v 0777 %",
      "p @/p 0666 %",
      "L @/L 0666 % - x",
      "c @/c 0666 % - 1:3",
      "f @/f 0666 % - x",
      "f+ @/g 0666 % - x",
    ],
  },
  "copy to free names": {
    pairs: free({ tree: "file", other: "fifo", file: "directory", second: "fifo" }),
    lines: [
      "C @/tree 0777 % - @/../source",
      "C+ @/other 0777 % - @/../source",
      "C @/file 0666 % - @/../source/f1",
      "C+ @/second 0666 % - @/../source/f1",
    ],
  },
  "copy into a directory": {
    pairs: { "into/f1": { kind: "directory", free: true }, "into/sub": { kind: "file", free: true } },
    lines: ["C+ @/into - % - @/../source"],
  },
  "copy a tree with directories open to all": {
    pairs: {
      "copy/open/pipe": { kind: "file", free: true, from: "." },
      "copy/open/link": { kind: "file", free: true, from: "." },
      "copy/open/sub": { kind: "file", free: true, from: "." },
    },
    lines: ["C @/copy 0777 % - @/../source"],
  },
  "copy from what the attacker has": {
    pairs: EXISTING,
    lines: [
      "C+ @/../copies/note - - - - @/note",
      "C+ @/../copies/tree - - - - @/victim",
      "C+ @/../copies/file - - - - @/victim/file",
    ],
  },
  "replace by force": {
    pairs: { ...EXISTING, ...free({ p: "directory", L: "file", c: "fifo" }) },
    lines: [
      "L+ @/note - % - x",
      "p+ @/note 0666 %",
      "c+ @/victim 0666 % - 1:3",
      "p+ @/p 0666 %",
      "L+ @/L 0666 % - x",
      "c+ @/c 0666 % - 1:3",
    ],
    mayVanish: true,
  },
  "clean by age": {
    args: ["--clean"],
    pairs: { victim: { kind: "directory" }, other: { kind: "directory" } },
    lines: ["d @ - - - 10d", "e @/* - - - 10d", "R @/victim - - - 10d", "r @/other - - - 10d"],
  },
};

for (const [what, { pairs, args = ["--create"], lines, mayVanish = false }] of Object.entries(CASES))
  test(`${what}: root's inodes stay root's`, { skip: needsRoot }, async (t) => {
    const arena = openRootsArena(pairs, mayVanish);
    t.after(() => arena.close());
    const owned = lines.map((line) => line.replace("%", `${ATTACKER} ${ATTACKER}`));
    const cleaner = openCleaner(arena, args, owned);
    t.after(() => cleaner.close());
    const { harm, swaps } = await underAttack(arena, () => cleaner.run(), { uid: ATTACKER, moves: true });
    assert.deepEqual(harm, []);
    t.diagnostic(`${swaps} swaps`);
    assert.ok(swaps >= SWAPS);
  });

test("control: a line that names what the attacker puts there gives it to him", {
  skip: needsRoot,
}, async (t) => {
  const arena = openRootsArena({ note: { kind: "file" } }, false);
  t.after(() => arena.close());
  const cleaner = openCleaner(arena, ["--create"], [`f @/note 0666 ${ATTACKER} ${ATTACKER}`]);
  t.after(() => cleaner.close());
  const { harm } = await underAttack(arena, () => cleaner.run(), { uid: ATTACKER, patience: 20 });
  assert.ok(harm.length > 0, "the attacker never won, so the tests above would show nothing");
});
