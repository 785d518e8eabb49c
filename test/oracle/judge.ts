/** Runs one case through two programs and says where they part. */
import fc from "fast-check";
import { anyCase, type Case, show } from "./case.js";
import { openLab } from "./lab.js";
import type { Outcome, Program } from "./program.js";
import { differences, snapshot } from "./snapshot.js";

export interface Judgement {
  readonly differences: readonly string[];
  readonly expected: Outcome;
  readonly actual: Outcome;
}

export async function judge(one: Case, expected: Program, actual: Program): Promise<Judgement> {
  const lab = openLab(one);
  try {
    const [left, right] = lab.copies;
    const [before, after] = await Promise.all([expected.run(one, left), actual.run(one, right)]);
    const parted = differences(snapshot(left.at, lab.since), snapshot(right.at, lab.since));
    const found = /refusing an unsafe step/.test(after.output) ? parted.filter(notLeading(parted)) : parted;
    if (before.status !== after.status && !missedItsOwnParents(one, before))
      found.push(`exit status ${after.status} (should be ${before.status})`);
    return { differences: found, expected: before, actual: after };
  } finally {
    lab.close();
  }
}

const LEADING = /^(".*"): is gone, should be there; mode 40755, owner 0:0,/;

/**
 * What lies on the way to a path that is then refused for an unsafe transition, the real one makes all the same, for
 * whoever owns that way; ours makes nothing there (COMPATIBILITY.md). Such a directory is no difference, nor is it that
 * it moved the time of the one above.
 */
function notLeading(parted: readonly string[]): (difference: string) => boolean {
  const leading = parted.flatMap((difference) => LEADING.exec(difference)?.[1] ?? []);
  const above = new Set(leading.map((path) => `${path.slice(0, path.lastIndexOf("/"))}"`));
  return (difference) =>
    !LEADING.test(difference) &&
    !(
      /: mtime \d+ \(should be mtime new\)$/.test(difference) &&
      above.has(difference.split(": mtime")[0] ?? "")
    );
}

/** A dry run of the real one fails at f+ and C lines below directories that a run would make first. */
function missedItsOwnParents(one: Case, { output }: Outcome): boolean {
  return (
    one.options.includes("--dry-run") && /Failed to open path .*: No such file or directory/.test(output)
  );
}

export interface Failure {
  readonly seed: number;
  readonly text: string;
}

/** How many smaller cases are tried for one that parts. */
const TRIES = 200;

/** Case `seed`, and where the two part on it, the smallest case that still shows it. */
export async function judgeSeed(
  seed: number,
  expected: Program,
  actual: Program,
): Promise<Failure | undefined> {
  let last: { one: Case; judgement: Judgement } | undefined;
  let tries = 0;
  const property = fc.asyncProperty(anyCase, async (one) => {
    if (tries++ > TRIES) return true;
    const judgement = await judge(one, expected, actual);
    if (judgement.differences.length === 0) return true;
    last = { one, judgement };
    return false;
  });
  const outcome = await fc.check(property, {
    seed,
    numRuns: 1,
    unbiased: true,
    endOnFailure: process.env.SHRINK === "0",
  });
  if (!outcome.failed) return undefined;
  if (last === undefined) throw outcome.errorInstance ?? new Error(`seed ${seed} could not be run`);
  return { seed, text: report(seed, last.one, last.judgement) };
}

const indent = (text: string): string => text.trimEnd().replaceAll(/^/gm, "    ");

function report(seed: number, one: Case, judgement: Judgement): string {
  return [
    `SEED=${seed} CASES=1 npm run test:oracle`,
    show(one),
    "  they part at:",
    ...judgement.differences.map((difference) => `    ${difference}`),
    "  the real one said:",
    indent(judgement.expected.output),
    "  ours said:",
    indent(judgement.actual.output),
  ].join("\n");
}

/** `count` cases from `seed` on; the failures, each told to `tell` as it is found. */
export async function judgeMany(
  seed: number,
  count: number,
  expected: Program,
  actual: Program,
  tell: (failure: Failure) => void,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const limit = Number(process.env.MAX_FAILURES ?? 10);
  for (let at = seed; at < seed + count && failures.length < limit; at++) {
    const failure = await judgeSeed(at, expected, actual);
    if (failure === undefined) continue;
    failures.push(failure);
    tell(failure);
  }
  return failures;
}
