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
  if (first.differences.length === 0 || !one.operations.some(hasRandomOrder)) return first;
  const unstable = new Set<string>();
  let left = first.differences;
  for (let again = 0; again < RUNS_TO_DIFFER && left.length > 0; again++) {
    const { differences: own } = await compareOnce(one, expected, expected);
    for (const difference of own) unstable.add(subjectOf(difference));
    left = left.filter((difference) => !unstable.has(subjectOf(difference)));
  }
  return { ...first, differences: left, setAside: left.length === 0 };
}

/**
 * 262 processes the lines below a line in the order of a hash table whose seed differs in each process: of an `r` and an
 * `X` below one `d`, either may come first, and the result may depend on it. If its own runs differ, the case says nothing
 * about Mayfly. Two orders that are equally likely give the same result so many times with a probability of 1 in 65536.
 */
const RUNS_TO_DIFFER = 16;
const hasRandomOrder = (operation: string): boolean => operation !== "--create";

/** The subject of a difference: a path, or the exit status. */
const subjectOf = (difference: string): string => /^".*?": |^exit status/.exec(difference)?.[0] ?? difference;

async function compareOnce(one: Case, expected: Program, actual: Program): Promise<Comparison> {
  const lab = openLab(one);
  try {
    const [left, right] = lab.copies;
    const [before, after] = await Promise.all([expected.run(one, left), actual.run(one, right)]);
    if (copiedIntoItself(before)) return { differences: [], setAside: true, expected: before, actual: after };
    const all = differences(snapshot(left.at, lab.since), snapshot(right.at, lab.since));
    const filters = [
      isNotMissingParent(all, after),
      isNotParentOfOptionalLink(one),
      isNotBelowTarget(after, right.at),
      isNotKeptByAccess(before, left.at),
      isNotClearedBit(one),
    ];
    const found = all.filter((difference) => filters.every((counts) => counts(difference)));
    if (before.status !== after.status && !missedItsOwnParents(one, before) && !countedUnseen(before, after))
      found.push(`exit status ${after.status} (should be ${before.status})`);
    const onPurpose = (): boolean => differsOnPurpose(one, before, after) || isLedOut(one, left.at);
    const setAside = found.length > 0 && onPurpose();
    return { differences: setAside ? [] : found, setAside, expected: before, actual: after };
  } finally {
    lab.close();
  }
}

/** Entries of a directory that may be listed but not searched are a failure for 262, and not for 262.1. */
function countedUnseen(before: Outcome, after: Outcome): boolean {
  const { isUnrepaired = false } = reference();
  return isUnrepaired && before.status === 73 && after.status === 0 && UNSEEN.test(before.output);
}

const UNSEEN = /statx\(.*\) failed: Permission denied/;

const OURS_REFUSED = /detected unsafe path transition/;
const REAL_REFUSED = /Detected unsafe path transition|Unsafe transition from/;

// With the modifier `=`, 262 takes a symlink among the parents for a wrong file type, and may lose its own path by that.
const REAL_REPLACED_SYMLINK = /Wrong file type 0o120000; rm -rf/;
const REAL_LOST_ITS_PATH = /Wrong file type 0o120000; rm -rf .*\nRemoving .*\nFailed to open path/;

/**
 * Whether a deliberate difference (COMPATIBILITY.md) affects the whole case. Such a case is counted, but not compared.
 * Mayfly refuses symlinks that 262 follows; below --root it resolves symlinks inside the root; it does not replace parents
 * of a path that it then refuses; and after removing a symlink among the parents, it continues in the directory that it has open.
 */
function differsOnPurpose(one: Case, before: Outcome, after: Outcome): boolean {
  const isStricter = refusesOnPurpose(one, after) && !REAL_REFUSED.test(before.output);
  const mayReplace = !one.rooted && !OURS_REFUSED.test(after.output);
  const isReplaced = !mayReplace && REAL_REPLACED_SYMLINK.test(before.output);
  return isStricter || isReplaced || REAL_LOST_ITS_PATH.test(before.output);
}

const THROUGH_SYMLINK = / \(symlink, owned by uid \d+\)/;

/**
 * Whether Mayfly refused only what 262 does not check: symlinks, the parents of what is removed or cleaned, and the parents
 * of the source of a copy.
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
 * Whether an absolute symlink among the parents of a line's path does not resolve on the host: 262 creates missing parents
 * and lists directories for globs there, Mayfly inside the root.
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

/** 262 copies a directory into itself repeatedly, to a depth of 2,048. */
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

const MISSING_PARENT = /^(".*"): is gone, should be there; mode 4\d{4}, owner \d+:\d+,/;

/**
 * Both refuse the path, but 262 has created its missing parents first, and Mayfly has not (COMPATIBILITY.md). These
 * parents do not count as differences, nor does the timestamp of the directory above them.
 */
function isNotMissingParent(all: readonly string[], { output }: Outcome): (difference: string) => boolean {
  if (!OURS_REFUSED.test(output)) return () => true;
  const parents = all.flatMap((difference) => MISSING_PARENT.exec(difference)?.[1] ?? []);
  const above = new Set(parents.map((path) => `${path.slice(0, path.lastIndexOf("/"))}"`));
  const time = /^(".*"): mtime \d+ \(should be mtime new\)$/;
  return (difference) => !MISSING_PARENT.test(difference) && !above.has(time.exec(difference)?.[1] ?? "");
}

const OUTSIDE = /^"\/outside[/"]/;

/**
 * Mayfly skips an `L?` line without a message if its parents are refused or its source does not exist; 262 has created missing
 * parents before, where a symlink leads to. These do not count as differences.
 */
function isNotParentOfOptionalLink({ files, extra }: Case): (difference: string) => boolean {
  const written = [...files.flatMap((file) => file.lines), ...extra];
  const hasOptionalLink = written.some((line) => !("raw" in line) && /^L.*\?/.test(line.type));
  return (difference) => !hasOptionalLink || !OUTSIDE.test(difference);
}

const REFUSED_TARGET = / \(symlink, owned by uid \d+\) -> (.*) \(owned by uid \d+\);/;

/**
 * Mayfly refuses a symlink that 262 follows (COMPATIBILITY.md): differences at the target of that symlink, or below it, do not
 * count. The rest of the case is compared.
 */
function isNotBelowTarget({ output }: Outcome, copy: Buffer): (difference: string) => boolean {
  const above = copy.toString("latin1");
  const targets = output
    .split("\n")
    .flatMap((line) => REFUSED_TARGET.exec(line)?.[1]?.slice(above.length) ?? []);
  return (difference) => {
    const path: string = JSON.parse(/^".*?(?<!\\)"/.exec(difference)?.[0] ?? '""');
    return !targets.some((target) => path === target || path.startsWith(`${target}/`));
  };
}

/** 262 followed a symlink, and later keeps it because of the access time that this set. */
function isNotKeptByAccess({ output }: Outcome, copy: Buffer): (difference: string) => boolean {
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
 * When an ordinary user writes, the kernel clears the set-id bits. 262 writes after setting the mode, and loses them; Mayfly
 * sets the mode last.
 */
function isNotClearedBit({ unprivileged }: Case): (difference: string) => boolean {
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

/** A dry run of 262 fails below directories that a run would create or replace first. */
function missedItsOwnParents(one: Case, { output }: Outcome): boolean {
  return one.options.includes("--dry-run") && MISSED.some((words) => words.test(output));
}

export interface Failure {
  readonly seed: number;
  readonly text: string;
}

/** How many smaller cases are tried for a case that fails. */
const TRIES = 200;

/** Case `seed`: if the two differ, the smallest case that still shows it. */
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
    "  differences:",
    ...comparison.differences.map((difference) => `    ${difference}`),
    "  output of systemd-tmpfiles:",
    indent(comparison.expected.output),
    "  output of Mayfly:",
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
