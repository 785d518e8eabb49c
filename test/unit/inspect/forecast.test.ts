/** A forecast counts for each day exactly what a run of the engine on that day removes. */
import assert from "node:assert/strict";
import { chmodSync, lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import type { Bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { type Clock, fixedClock } from "#src/base/time.js";
import { explainSync, forecastSync } from "#src/inspect/index.js";
import { runSync } from "#src/tmpfiles/index.js";
import { close, lockAt, mknod } from "../../oracle/libc.js";
import { scratch } from "../../scratch.js";

const DAY = 86_400_000_000_000n;
const home = scratch({ after });

const directory = fc.constantFrom("", "/a", "/a/b", "/c");
const pattern = fc.oneof(
  directory,
  fc.constantFrom(
    "/*",
    "/a/*",
    "/a/b/*",
    "/a/f1",
    "/f?",
    "/a/b/f0",
    "/{a,c}",
    "/[!c]",
    "/?/*",
    "/.h*",
    "/a/b/.hidden",
  ),
);
const age = fc.constantFrom(
  "-",
  "0",
  "5d",
  "10d",
  "20d",
  "mM:3d",
  "amAM:12d",
  "aA:6d",
  "mMb:1d",
  "~8d",
  "~m:2d",
  "c:15d",
);
const type = fc.constantFrom("d", "D", "e", "q", "v", "x", "X", "x!", "e!", "r", "R", "z", "m");
const line = fc.record({ type, pattern, age });
const removes = (one: { type: string }): boolean => /[rR]/.test(one.type);
const configuration = fc
  .array(line, { minLength: 1, maxLength: 5 })
  // The path of a removal line is not aged anew when another one takes something out of it: see simulation.ts.
  .filter(
    (lines) =>
      lines.filter(removes).length <= 1 ||
      lines.filter(removes).every(({ pattern }) => /f|^\/c$|\/b\/\*|\.h/.test(pattern)),
  );
const file = fc.record({
  directory,
  name: fc.constantFrom("f0", "f1", "g", ".hidden", "lost+found"),
  days: fc.integer({ min: 0, max: 30 }),
  kind: fc.constantFrom(
    "file",
    "file",
    "file",
    "link",
    "fifo",
    "sticky",
    "locked",
    "directory",
    "locked directory",
  ),
});
const files = fc.uniqueArray(file, { maxLength: 10, selector: (one) => `${one.directory}/${one.name}` });

const NUMBERS = { numRuns: Number(process.env.CASES ?? 40), seed: Number(process.env.SEED ?? 1) };
/** Two lines that clean one directory, although fnmatch(3) does not know the braces of the second. */
const TWO_CLEAN_ONE_DIRECTORY = [
  { type: "d", pattern: "/a", age: "20d" },
  { type: "X", pattern: "/{a,c}", age: "10d" },
] as const;

let count = 0;

interface Case {
  readonly top: string;
  readonly config: string;
  readonly paths: readonly string[];
  readonly directories: readonly string[];
  /** Releases the locks. */
  release(): void;
}

function lay(
  lines: typeof configuration extends fc.Arbitrary<infer L> ? L : never,
  entries: typeof files extends fc.Arbitrary<infer F> ? F : never,
): Case {
  const top = join(home, `case-${count++}`);
  const seconds = (days: number): number => Date.now() / 1000 - 1 - days * 86_400;
  for (const each of ["/a/b", "/c"]) mkdirSync(top + each, { recursive: true });
  const paths = entries.map((one) => `${top}${one.directory}/${one.name}`);
  const locks: number[] = [];
  for (const [index, { kind, days }] of entries.entries()) {
    const path = paths[index] ?? "";
    if (kind === "link") symlinkSync("nowhere", path);
    else if (kind === "fifo") mknod(Buffer.from(path), 0o010644);
    else if (kind.endsWith("directory")) mkdirSync(path);
    else writeFileSync(path, "content");
    if (kind === "sticky") chmodSync(path, 0o1644);
    if (kind.startsWith("locked")) locks.push(lockAt(Buffer.from(path), days % 2 === 0) ?? -1);
    if (kind !== "link") utimesSync(path, seconds(days), seconds(days));
  }
  for (const [index, each] of ["/a/b", "/a", "/c"].entries())
    utimesSync(top + each, seconds(index * 9), seconds(index * 9));
  const config = `${top}.conf`;
  const text = lines.map((line) => `${line.type} ${top}${line.pattern} - - - ${line.age}`);
  writeFileSync(config, `${text.join("\n")}\n`);
  const directories = ["/a/b", "/a", "/c"].map((each) => top + each);
  const release = (): void => locks.forEach(close);
  return { top, config, paths: [...paths, ...directories], directories, release };
}

/** What a run at this moment removes, and the number of the line that does it. */
function removedAt(config: string, clock: Clock, dryRun: boolean): Map<string, number> {
  const removed = new Map<string, number>();
  const report = (event: Event): void =>
    void (event.type === "removed" && removed.set(event.path, event.source.line));
  const options = { args: [config as Bytes], operations: ["clean"], dryRun, jobs: 1 } as const;
  runSync({ ...options, clock }, { wantsKept: false, report });
  return removed;
}

/** The kernel sets modification times by its own clock; here they are set by that of the run. */
function shiftTimes(one: Case, since: number, now: bigint): void {
  for (const path of one.directories) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // A little after the run has asked for the time.
    const seconds = Number(now / 1_000_000n) / 1000 + 0.001;
    if (stat !== undefined && stat.mtimeMs >= since && stat.mtimeMs <= Date.now() + 1)
      utimesSync(path, stat.atimeMs / 1000, seconds);
  }
}

test("each day's forecast equals what that day's run removes", () => {
  fc.assert(
    fc.property(configuration, files, (lines, entries) => {
      const [asked, real] = [lay(lines, entries), lay(lines, entries)];
      const laid = Date.now();
      const from = BigInt(laid + 1000) * 1_000_000n;
      const { days } = forecastSync([], { config: [asked.config], at: from, within: 25n * DAY });
      assert.equal(days.length, 26);
      for (const day of days) {
        // Each line asks for the time before it is carried out.
        const clock = {
          now: () => {
            shiftTimes(real, laid, day.run);
            return day.run;
          },
        };
        const removed = removedAt(real.config, clock, false);
        clock.now();
        const expected = new Map<number, number>();
        for (const line of removed.values()) expected.set(line, (expected.get(line) ?? 0) + 1);
        const forecast = new Map(day.lines.map(({ line, entries }) => [line.line, entries]));
        assert.deepEqual(
          forecast,
          expected,
          `day ${(day.run - from) / DAY}: ${[...removed.keys()].join(" ")}`,
        );
      }
      for (const each of [asked, real]) each.release();
    }),
    { ...NUMBERS, examples: [[[...TWO_CLEAN_ONE_DIRECTORY], []]] },
  );
});

test("explain agrees with the run for random configurations", () => {
  fc.assert(
    fc.property(configuration, files, fc.integer({ min: 0, max: 25 }), (lines, entries, days) => {
      const { config, paths, release } = lay(lines, entries);
      const at = BigInt(Date.now()) * 1_000_000n + BigInt(days) * DAY;
      const removed = removedAt(config, fixedClock(at), true);
      for (const { path, verdict } of explainSync(paths, { config: [config], at })) {
        assert.equal(verdict === "remove", removed.has(path), path);
      }
      release();
    }),
    NUMBERS,
  );
});
