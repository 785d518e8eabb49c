/** Lines that clean and remove, built by hand, and the report of a run of them. */
import { execFileSync, spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import type { Event, KeepReason, Operation } from "#src/base/events.js";
import { DAY, fixedClock } from "#src/base/time.js";
import * as removal from "#src/tmpfiles/lines/removal.js";
import type { Item, ItemGroup } from "#src/tmpfiles/model/item.js";
import type { Summary } from "#src/tmpfiles/model/outcome.js";
import { runItems } from "#src/tmpfiles/run/run.js";
import { type Age, DEFAULT_AGE_BY_DIRECTORY, DEFAULT_AGE_BY_FILE } from "#src/tmpfiles/syntax/age.js";
import { firstOutput } from "../../../children.js";
import { makeItem } from "../hand-made.js";

const HANDLERS = {
  d: { clean: removal.cleanContents, purge: removal.purgePath },
  D: { clean: removal.cleanContents, remove: removal.removeContents },
  e: { clean: removal.cleanContents },
  x: { clean: removal.cleanContents },
  r: { clean: removal.cleanPath, remove: removal.removePath },
  R: { clean: removal.cleanTree, remove: removal.removePathTree },
} as const;

export type Letter = keyof typeof HANDLERS;

export const TEN_DAYS: Age = {
  span: 10n * DAY,
  byFile: DEFAULT_AGE_BY_FILE,
  byDirectory: DEFAULT_AGE_BY_DIRECTORY,
  keepFirstLevel: false,
};

/** Twenty days from now: then all that a test made just now is old. */
export const LATER = fixedClock(BigInt(Date.now()) * 1_000_000n + 20n * DAY);

export function line(letter: Letter, path: string, age?: Age, modifiers = {}): ItemGroup {
  const glob = !"dD".includes(letter);
  const made = makeItem({ create: () => {}, path, glob, modifiers });
  const item: Item = { ...made, letter, type: { ...made.type, ...HANDLERS[letter] }, age };
  return { path: bytes(path), glob, items: [item], parent: undefined, children: [] };
}

export interface Cleaned {
  readonly removed: string[];
  readonly kept: Record<string, KeepReason>;
  readonly failed: string[];
  readonly errors: Error[];
  readonly summary: Summary;
}

export interface How {
  readonly operations?: readonly Operation[];
  readonly dryRun?: boolean;
  readonly clock?: typeof LATER;
  readonly jobs?: number;
  readonly parallelFrom?: number;
  readonly index?: Bytes;
  readonly wantsKept?: boolean;
}

export function runLines(lines: readonly ItemGroup[], how: How = {}): Cleaned {
  const events: Event[] = [];
  const exact = lines.filter(({ glob }) => !glob);
  const globs = lines.filter(({ glob }) => glob);
  const reporter = { wantsKept: how.wantsKept ?? true, report: (event: Event) => void events.push(event) };
  const summary = runItems({ exact, globs }, { operations: ["clean"], clock: LATER, ...how }, reporter);
  return {
    removed: events.flatMap((event) => (event.type === "removed" ? [event.path] : [])),
    kept: Object.fromEntries(
      events.flatMap((event) => (event.type === "kept" ? [[event.path, event.reason]] : [])),
    ),
    errors: events.flatMap((event) => (event.type === "failed" ? [event.error] : [])),
    failed: events.flatMap((event) => (event.type === "failed" ? [event.error.message] : [])),
    summary,
  };
}

/** Holds a flock(2) on `path` from another process until the test ends. */
export async function lockElsewhere(t: TestContext, path: string): Promise<void> {
  const holder = spawn("flock", ["--no-fork", path, "sh", "-c", "echo locked; exec sleep 60"]);
  t.after(() => holder.kill());
  await firstOutput(holder);
}

export function hasFlock(): boolean {
  try {
    execFileSync("flock", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
