import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { after, test } from "node:test";
import fc from "fast-check";
import type { Bytes } from "#src/base/bytes.js";
import { UnsafePathError } from "#src/base/errors.js";
import type { Event } from "#src/base/events.js";
import { type CleanerVersion, explainSync } from "#src/inspect/index.js";
import { runSync } from "#src/tmpfiles/index.js";
import { hostCleaner, reference } from "../reference.js";
import { anyCase, type Case, show } from "./case.js";
import { render } from "./configuration.js";
import { type Instrument, instrument } from "./instrument.js";
import { type Copy, openLab } from "./lab.js";
import { type Program, realProgram } from "./program.js";

const tools = instrument(reference());
/** Debian 12's own, where the tests run there. */
const older = instrument(hostCleaner(252));
const unseen = process.getuid?.() === 0 ? false : "needs root, to look into every directory of its trees";
const skip = "missing" in tools ? tools.missing : unseen;
after(() => {
  for (const each of [tools, older]) if (!("missing" in each)) each.remove();
});

const count = Number(process.env.CASES ?? 120);
const seed = Number(process.env.SEED ?? 1);
const DAY_SECONDS = 86_400;
const SECOND_NS = 1_000_000_000n;

/** Also what 252 reads otherwise and hardly any configuration has: an escaped backslash, and %q. */
const UNCOMPARED = { 262: /^\s*["']?[rR]/, 252: /^\s*["']?[rR]|\\x5c|%q/ } as const;

/**
 * A case that only cleans, by files that are named on the command line. Without `r` and `R`: what they remove makes its
 * directory new by the kernel's clock, which does not shift with the cleaner's.
 */
function cleaning(one: Case, version: CleanerVersion): Case {
  const files = one.files.map((file) => {
    const lines = file.lines.filter((line) => !UNCOMPARED[version].test(render(line, "")));
    return { ...file, lines, place: "argument" as const, masked: false };
  });
  const plain = { rooted: false, delivery: "files", extra: [], unprivileged: false, options: [] } as const;
  return { ...one, ...plain, files, operations: ["--clean"] };
}

function below(top: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const pending = [top];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at !== top) found.push(at);
    if (!lstatSync(at).isDirectory()) continue;
    const directory = at;
    for (const name of readdirSync(at, { encoding: "buffer" })) {
      pending.push(Buffer.concat([directory, Buffer.from("/"), name]));
    }
  }
  return found;
}

const isThere = (path: Buffer): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function timesOf(paths: readonly Buffer[]): string[] {
  return paths.map((path) => {
    const { atimeNs, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
    return `${path.toString("latin1")} ${atimeNs} ${mtimeNs} ${ctimeNs}`;
  });
}

/** Where explain and the real cleaner part. */
async function parted(one: Case, real: Program, version: CleanerVersion): Promise<string[]> {
  const lab = openLab(one);
  try {
    const [left, right] = lab.copies;
    const tree = (copy: Copy): Buffer => Buffer.concat([copy.at, Buffer.from("/tree")]);
    // Listing moves a directory's atime: each copy is listed once, before anything is asked.
    const paths = isThere(tree(right)) ? below(tree(right)) : [];
    const before = timesOf(paths);
    const config = one.files.map(({ name }) => `${right.at.toString("latin1")}/conf/${name}`);
    // The real one starts a little later than this.
    const at =
      BigInt(Date.now() + 500) * 1_000_000n + BigInt(Math.round(one.clockDays * DAY_SECONDS)) * SECOND_NS;
    // Lines that read a credential count where it is there, as it is for the real one.
    process.env.CREDENTIALS_DIRECTORY = `${right.at.toString("latin1")}/creds`;
    const explained = readable(() => explainSync(paths, { config, at, version }));
    if (explained === undefined) return [];
    const moved = timesOf(paths).flatMap((times, index) =>
      times === before[index] ? [] : [`explain moved a timestamp: ${before[index]} to ${times}`],
    );
    if (isThere(tree(left))) below(tree(left));
    // Asked after explain: a whole dry run moves the access times of symlinks on its way.
    if (isRefused(config, at)) return [];
    await real.run(one, left);
    const wrong = paths.flatMap((path, index) => {
      const other = Buffer.concat([left.at, path.subarray(right.at.length)]);
      const kept = isThere(other);
      const { verdict, reasons, line } = explained[index] ?? {};
      if (kept === (verdict === "keep")) return [];
      const why = `${reasons?.map(({ code, at: where }) => `${code} ${where}`).join(", ")}; ${line?.text}`;
      return [
        `${path.toString("latin1")}: explain says ${verdict} (${why}), the real one ${kept ? "kept" : "removed"} it`,
      ];
    });
    return [...moved, ...wrong];
  } finally {
    lab.close();
  }
}

/** Whether a parent is an ordinary user's symlink, which 262 follows and Mayfly refuses (COMPATIBILITY.md). */
function isRefused(config: readonly string[], now: bigint): boolean {
  let refused = false;
  const report = (event: Event): void => {
    refused ||= event.type === "failed" && event.error instanceof UnsafePathError;
  };
  const options = { args: config as Bytes[], operations: ["clean"], dryRun: true, jobs: 1 } as const;
  runSync({ ...options, clock: { now: () => now } }, { wantsKept: false, report });
  return refused;
}

/** A configuration that nothing may be run by is not explained either. */
function readable<T>(explained: () => T): T | undefined {
  try {
    return explained();
  } catch {
    return undefined;
  }
}

/** What of the cases a version is compared on. */
interface Compared {
  readonly tools: Instrument;
  readonly version: CleanerVersion;
  readonly first: number;
  readonly cases: number;
}

async function compare({ tools: { binary, clock }, version, first, cases }: Compared): Promise<void> {
  const real = realProgram({ binary, clock, remove() {} });
  const failures: string[] = [];
  for (let each = first; each < first + cases && failures.length < 5; each++) {
    const [one] = fc.sample(anyCase, { seed: each, numRuns: 1 });
    if (one === undefined) continue;
    const plain = cleaning(one, version);
    const found = await parted(plain, real, version);
    if (found.length > 0) failures.push(`SEED=${each} CASES=1\n${show(plain)}\n${found.join("\n")}`);
  }
  assert.deepEqual(failures, [], failures.join("\n\n"));
}

test(`explain predicts what 262 removes: ${count} random trees from seed ${seed}`, { skip }, async () => {
  if (!("missing" in tools)) await compare({ tools, version: 262, first: seed, cases: count });
});

const olderCount = Math.ceil(count / 3);

test(`explain --assume-version 252 predicts what 252 removes: ${olderCount} trees`, {
  skip: "missing" in older ? older.missing : unseen,
}, async () => {
  if (!("missing" in older)) await compare({ tools: older, version: 252, first: seed, cases: olderCount });
});
