/** Runs one case through two programs, and decides which differences count. */
import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import type { Bytes } from "#src/base/bytes.js";
import { reference } from "../reference.js";
import { anyCase, type Case, show } from "./case.js";
import { openLab } from "./lab.js";
import type { Outcome, Program } from "./program.js";
import { differences, snapshot } from "./snapshot.js";
import { toPath } from "./tree.js";

export interface Comparison {
  readonly differences: readonly string[];
  /** Not compared: a deliberate difference affects the whole case, or two runs of 262 differ. */
  readonly setAside: boolean;
  readonly expected: Outcome;
  readonly actual: Outcome;
}

export async function compare(one: Case, expected: Program, actual: Program): Promise<Comparison> {
  const first = await compareOnce(one, expected, actual);
  if (first.differences.length === 0 || !one.operations.some(goesByHash)) return first;
  const wavering = new Set<string>();
  let left = first.differences;
  for (let again = 0; again < WAVERS_WITHIN && left.length > 0; again++) {
    const { differences: own } = await compareOnce(one, expected, expected);
    for (const difference of own) wavering.add(subjectOf(difference));
    left = left.filter((difference) => !wavering.has(subjectOf(difference)));
  }
  return { ...first, differences: left, setAside: left.length === 0 };
}

/**
 * The real one removes and cleans the lines below a line in the order of a hash that each process seeds anew: of an `r`
 * and an `X` below one `d` either may come first, and what they leave may depend on it. Where it does not agree with
 * itself, nothing can be said of ours. Two orders, each as likely, look alike so many times once in 65536.
 */
const WAVERS_WITHIN = 16;
const goesByHash = (operation: string): boolean => operation !== "--create";

/** What a difference is about: a path, or the exit status. */
const subjectOf = (difference: string): string => /^".*?": |^exit status/.exec(difference)?.[0] ?? difference;

async function compareOnce(one: Case, expected: Program, actual: Program): Promise<Comparison> {
  const lab = openLab(one);
  try {
    const [left, right] = lab.copies;
    const [before, after] = await Promise.all([expected.run(one, left), actual.run(one, right)]);
    if (copiedIntoItself(before)) return { differences: [], setAside: true, expected: before, actual: after };
    const parted = differences(snapshot(left.at, lab.since), snapshot(right.at, lab.since));
    const filters = [
      isNotLeading(parted, after),
      isNotLedTo(after, right.at),
      isNotKeptByALook(before, left.at),
      isNotUnmarked(one),
    ];
    const found = parted.filter((difference) => filters.every((counts) => counts(difference)));
    if (before.status !== after.status && !missedItsOwnParents(one, before) && !countedUnseen(before, after))
      found.push(`exit status ${after.status} (should be ${before.status})`);
    const onPurpose = (): boolean => isApartOnPurpose(one, before, after) || isLedOut(one, left.at);
    const setAside = found.length > 0 && onPurpose();
    return { differences: setAside ? [] : found, setAside, expected: before, actual: after };
  } finally {
    lab.close();
  }
}

/** What may not be looked at, in a directory that may be listed but not searched, is a failure to 262, and to 262.1 is none. */
function countedUnseen(before: Outcome, after: Outcome): boolean {
  const { isUnrepaired = false } = reference();
  return isUnrepaired && before.status === 73 && after.status === 0 && UNSEEN.test(before.output);
}

const UNSEEN = /statx\(.*\) failed: Permission denied/;

const OURS_REFUSED = /detected unsafe path transition/;
const REAL_REFUSED = /Detected unsafe path transition|Unsafe transition from/;

// The modifier `=` takes a symlink on the way for no directory, and so may lose its own way.
const REAL_REPLACED_SYMLINK = /Wrong file type 0o120000; rm -rf/;
const REAL_LOST_ITS_WAY = /Wrong file type 0o120000; rm -rf .*\nRemoving .*\nFailed to open path/;

/**
 * Where the two do different things on purpose (COMPATIBILITY.md), and then differ from there on: such a case is counted,
 * and not compared. Ours takes no unsafe step on the way to what it cleans or removes, where the real one follows whoever
 * laid the symlink; below a --root it looks for where a symlink leads inside the root, not on the host; on the way to
 * what it then refuses it puts no directory in the place of a symlink; and where it removes one that its own path leads
 * through, it makes what it should in the directory that it holds.
 */
function isApartOnPurpose(one: Case, before: Outcome, after: Outcome): boolean {
  const isStricter = refusesOnPurpose(one, after) && !REAL_REFUSED.test(before.output);
  const mayReplace = !one.rooted && !OURS_REFUSED.test(after.output);
  const isReplaced = !mayReplace && REAL_REPLACED_SYMLINK.test(before.output);
  return isStricter || isReplaced || REAL_LOST_ITS_WAY.test(before.output);
}

const THROUGH_SYMLINK = / \(symlink, owned by uid \d+\)/;

/**
 * Whether all that ours refused is what the real one does not look at: symlinks that lead on, what is on the way to what
 * is removed or cleaned, and what is on the way to the source of a copy.
 */
function refusesOnPurpose(one: Case, { output }: Outcome): boolean {
  const refusals = output.split("\n").filter((line) => OURS_REFUSED.test(line));
  const written = [...one.files.flatMap((file) => file.lines), ...one.extra];
  const copies = written.some((line) => !("raw" in line) && line.type.startsWith("C"));
  const onlyCreates = one.operations.every((operation) => operation === "--create");
  if (refusals.length === 0) return false;
  return !onlyCreates || copies || refusals.every((line) => THROUGH_SYMLINK.test(line));
}

/**
 * The real one makes missing parents and lists for globs where the host resolves the symlinks on the way; ours inside the
 * root. On the way to what a line names is an absolute symlink that leads nowhere on the host.
 */
function isLedOut(one: Case, copy: Buffer): boolean {
  const written = [...one.files.flatMap((file) => file.lines), ...one.extra];
  return written.some((line) => {
    if (!one.rooted || "raw" in line) return false;
    const followed = line.type.startsWith("w") ? line.path : line.path.slice(0, -1);
    const links = followed.map((_, last) => ["tree", ...line.path.slice(0, last + 1)]);
    return links.some((path) => leadsNowhere(toPath(copy, path)));
  });
}

const COPYING = /Copying tree "([^"]*)" to "([^"]*)"/g;

/** The real one copies a directory into itself over and over, to a depth of 2,048. */
function copiedIntoItself({ output }: Outcome): boolean {
  return [...output.matchAll(COPYING)].some(([, from = "", to = ""]) => {
    const source = realPath(from);
    return source !== undefined && realPath(dirname(to))?.concat("/").startsWith(`${source}/`) === true;
  });
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(Buffer.from(path, "latin1"), "latin1");
  } catch {
    return undefined;
  }
}

function leadsNowhere(at: Buffer): boolean {
  try {
    return lstatSync(at).isSymbolicLink() && readlinkSync(at, "latin1").startsWith("/") && !existsSync(at);
  } catch {
    return false;
  }
}

const LEADING = /^(".*"): is gone, should be there; mode 4\d{4}, owner \d+:\d+,/;

/**
 * Both refuse the path, but on the way to it the real one has made the directories that were missing, for whoever owns
 * that way; ours makes nothing there (COMPATIBILITY.md). They are no difference, nor is the time of the one above them.
 */
function isNotLeading(parted: readonly string[], { output }: Outcome): (difference: string) => boolean {
  if (!OURS_REFUSED.test(output)) return () => true;
  const leading = parted.flatMap((difference) => LEADING.exec(difference)?.[1] ?? []);
  const above = new Set(leading.map((path) => `${path.slice(0, path.lastIndexOf("/"))}"`));
  const time = /^(".*"): mtime \d+ \(should be mtime new\)$/;
  return (difference) => !LEADING.test(difference) && !above.has(time.exec(difference)?.[1] ?? "");
}

const LED = / \(symlink, owned by uid \d+\) -> (.*) \(owned by uid \d+\);/;

/**
 * Ours refuses a symlink that the real one follows: what differs where that symlink leads, or below, is no difference
 * (COMPATIBILITY.md). Both may refuse other paths of the case, which is compared for the rest.
 */
function isNotLedTo({ output }: Outcome, copy: Buffer): (difference: string) => boolean {
  const above = copy.toString("latin1");
  const targets = output.split("\n").flatMap((line) => LED.exec(line)?.[1]?.slice(above.length) ?? []);
  return (difference) => {
    const path: string = JSON.parse(/^".*?(?<!\\)"/.exec(difference)?.[0] ?? '""');
    return !targets.some((target) => path === target || path.startsWith(`${target}/`));
  };
}

/** The real one followed a symlink on its way, and later keeps it for the access time that this gave it. */
function isNotKeptByALook({ output }: Outcome, copy: Buffer): (difference: string) => boolean {
  const kept = [...output.matchAll(/File "([^"]*)": access time .* is too new/g)];
  const below = copy.toString("latin1").length;
  const paths = new Set(kept.map(([, path = ""]) => path.slice(below)));
  const gone = /^(".*"): is gone, should be there; mode 120777,/;
  return (difference) => {
    const path: Bytes = JSON.parse(gone.exec(difference)?.[1] ?? '""');
    return !paths.has(path);
  };
}

/**
 * Of an ordinary user's write the kernel takes the bits of mode 6000 away. The real one writes after it looked at the mode,
 * and leaves it so; ours sets it last.
 */
function isNotUnmarked({ unprivileged }: Case): (difference: string) => boolean {
  const modes = /: mode (\d+) \(should be mode (\d+)\)$/;
  return (difference) => {
    const [, ours = "", real = ""] = modes.exec(difference) ?? [];
    const marks = Number.parseInt(ours, 8) - Number.parseInt(real, 8);
    return !unprivileged || ![0o2000, 0o4000, 0o6000].includes(marks);
  };
}

const MISSED = [
  /Failed to open path '[^']*': No such file or directory/,
  /Failed to open "[^"]*" at "[^"]*": (No such file or|Not a) directory/,
];

/** A dry run of the real one fails below directories that a run would make first, or put in the place of something. */
function missedItsOwnParents(one: Case, { output }: Outcome): boolean {
  return one.options.includes("--dry-run") && MISSED.some((words) => words.test(output));
}

export interface Failure {
  readonly seed: number;
  readonly text: string;
}

/** How many smaller cases are tried for one that parts. */
const TRIES = 200;

/** Case `seed`: where the two part on it, the smallest case that still shows it; or that it was set aside. */
export async function compareSeed(
  seed: number,
  expected: Program,
  actual: Program,
  cases = anyCase,
): Promise<Failure | "agrees" | "set aside"> {
  let setAside = false;
  let last: { one: Case; comparison: Comparison } | undefined;
  let tries = 0;
  const property = fc.asyncProperty(cases, async (one) => {
    if (tries++ > TRIES) return true;
    const comparison = await compare(one, expected, actual);
    setAside ||= comparison.setAside;
    if (comparison.differences.length === 0) return true;
    last = { one, comparison };
    return false;
  });
  const outcome = await fc.check(property, {
    seed,
    numRuns: 1,
    unbiased: true,
    endOnFailure: process.env.SHRINK === "0",
  });
  if (!outcome.failed) return setAside ? "set aside" : "agrees";
  if (last === undefined) throw outcome.errorInstance ?? new Error(`seed ${seed} could not be run`);
  return { seed, text: report(seed, last.one, last.comparison) };
}

const indent = (text: string): string => text.trimEnd().replaceAll(/^/gm, "    ");

function report(seed: number, one: Case, comparison: Comparison): string {
  return [
    `SEED=${seed} CASES=1 npm run test:oracle`,
    show(one),
    "  they part at:",
    ...comparison.differences.map((difference) => `    ${difference}`),
    "  the real one said:",
    indent(comparison.expected.output),
    "  ours said:",
    indent(comparison.actual.output),
  ].join("\n");
}

export interface Verdict {
  readonly failures: readonly Failure[];
  readonly compared: number;
  readonly setAside: number;
}

/** `count` cases that can be compared, from `seed` on; each failure is passed to `onFailure` when it is found. */
export async function compareMany(
  seed: number,
  count: number,
  expected: Program,
  actual: Program,
  onFailure: (failure: Failure) => void,
  cases = anyCase,
): Promise<Verdict> {
  const failures: Failure[] = [];
  const limit = Number(process.env.MAX_FAILURES ?? 10);
  let compared = 0;
  let setAside = 0;
  for (let at = seed; compared < count && failures.length < limit; at++) {
    const outcome = await compareSeed(at, expected, actual, cases);
    if (outcome === "set aside") setAside++;
    else compared++;
    if (typeof outcome === "string") continue;
    failures.push(outcome);
    onFailure(outcome);
  }
  return { failures, compared, setAside };
}
