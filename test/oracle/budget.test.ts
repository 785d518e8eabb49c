/** Where a budget neither keeps nor removes anything, a line cleans as systemd-tmpfiles does, which ignores the pragma. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import { runSync } from "#src/tmpfiles/index.js";
import { start } from "../e2e/program.js";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";

const RUNS = Number(process.env.BUDGETS ?? 25);
const HOUR = 3_600_000;

/** In a file that systemd reads too: every directory is above marks of nothing. In one of Mayfly's own: none is above these. */
const BUDGETS = {
  "a.conf": "#@ max-size=0 max-inodes=0",
  "a.mayfly": "#@ max-size=7P low=0 max-inodes=7P",
} as const;

const name = fc.constantFrom("a", "b", "c", "d");
const file = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 4 }),
  hours: fc.integer({ min: 1, max: 100 }),
});
const line = fc.constantFrom(
  "d @ - - - mM:2d",
  "e @ - - - ~mM:2d",
  "D @ - - - mM:1d",
  "e @/* - - - mM:2d",
  "d @ - - - mM:0",
);

/** The files and the directories above them are so many hours old: a directory as its last file. */
function plant(tree: string, files: readonly { readonly path: readonly string[]; readonly hours: number }[]) {
  mkdirSync(tree, { recursive: true });
  const now = Date.now();
  const times = new Map<string, Date>();
  for (const { path, hours } of files) {
    const full = join(tree, ...path.slice(0, -1).map((each) => `${each}.d`), path.at(-1) ?? "");
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, "x".repeat(hours));
    for (let at = full; at !== tree; at = dirname(at)) times.set(at, new Date(now - hours * HOUR));
  }
  for (const [path, time] of times) utimesSync(path, time, time);
}

const namesIn = (tree: string): string[] => readdirSync(tree, { recursive: true, encoding: "utf8" }).sort();

const real = reference();

test(`${RUNS} random trees: budgets that do not bite change nothing`, {
  skip: real.missing ?? false,
}, (t) => {
  const place = scratch(t);
  let removed = 0;
  let kept = 0;
  fc.assert(
    fc.property(fc.array(file, { maxLength: 12 }), line, (files, text) => {
      const original = join(place, "tree");
      plant(original, files);
      const before = namesIn(original);
      /** Runs a cleaner on a copy of the tree, and lists what is left. */
      const leftBy = (config: string, pragma: string, run: (path: string) => number | null): string[] => {
        const tree = join(place, "copy");
        cpSync(original, tree, { recursive: true, preserveTimestamps: true });
        const path = join(place, config);
        writeFileSync(path, `${pragma}\n${text.replace("@", tree)}\n`);
        assert.equal(run(path), 0);
        const left = namesIn(tree);
        rmSync(tree, { recursive: true });
        return left;
      };
      const expected = leftBy(
        "real.conf",
        BUDGETS["a.conf"],
        (path) => start(real.binary ?? "", ["--clean", path]).status,
      );
      for (const [config, pragma] of Object.entries(BUDGETS)) {
        const run = (path: string): number =>
          runSync({ operations: ["clean"], args: [bytes(path)] }).exitStatus;
        assert.deepEqual(leftBy(config, pragma, run), expected, config);
      }
      removed += before.length - expected.length;
      kept += expected.length;
      rmSync(original, { recursive: true });
    }),
    { numRuns: RUNS, seed: Number(process.env.SEED ?? 1) },
  );
  assert.ok(removed > 0 && kept > 0, "this shows nothing");
});
