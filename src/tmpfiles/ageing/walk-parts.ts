import type { Bytes } from "../../base/bytes.js";
import type { InodeKind, KeepReason, Source, WalkProgress } from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
import type { StatxBuffer } from "../../sys/scan.js";
import type { DirectoryIndex, Seen } from "./directory-index.js";
import { type AgeRule, GUARDS } from "./guards.js";
import type { Lens } from "./lens.js";
import type { Level } from "./level.js";
import type { LineIndex } from "./line-index.js";
import type { Walk } from "./walk.js";
import type { WalkHands } from "./walk-hands.js";

/**
 * Receives what a walk does: entries that are kept only if `wantsKept`, or if they lie too deep; those that are removed only
 * if `wantsRemoved`.
 */
export interface WalkListener {
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  removed(path: Bytes, kind: InodeKind, bytes: number): void;
  kept(path: Bytes, kind: InodeKind, reason: KeepReason): void;
  failed(path: Bytes, errno: number, syscall: string, args: readonly string[]): void;
  /** Now and then, with what this thread has seen and removed so far. */
  progress(progress: WalkProgress): void;
}

/** What a walk came to. */
export interface Tally {
  entries: number;
  removed: number;
  bytes: number;
  failed: number;
  /** Entries that stay unlooked at, by the index of directories. */
  indexed: number;
  /** By the guard's place in GUARDS. */
  readonly kept: number[];
}

export const newTally = (): Tally => ({
  entries: 0,
  removed: 0,
  bytes: 0,
  failed: 0,
  indexed: 0,
  kept: GUARDS.map(() => 0),
});

/** Threads that share a walk. */
export interface Sharing {
  /** Whether a thread waits for work; `entries`: how many this one has looked at so far. */
  wantsWork(entries: number): boolean;
  /** Gives away half of what `level` has listed and not begun with; false where that is not worth it. */
  give(level: Level): boolean;
  /** Waits until all that `level` gave away is done. */
  collect(level: Level, walk: Walk): Joined;
}

/** Some entries of a directory, for another thread: who gives them away keeps the directory open and locked until they are done. */
export interface Slice {
  readonly fd: number;
  readonly path: Bytes;
  readonly depth: number;
  readonly rule: AgeRule;
  readonly atMountTop: boolean;
  readonly indexing: boolean;
  readonly filesKnown: boolean;
}

/** What the slices of a directory came to, to the directory. */
export interface Joined {
  /** How many entries stay, and the name of one. */
  readonly stays: number;
  readonly blocker: Bytes | undefined;
  /** Whether any of them went. */
  readonly changed: boolean;
  /** Of the last one that failed. */
  readonly status: number;
  /** What the index may be told, if it may. */
  readonly notable: boolean;
  readonly seen: Seen;
}

/** Where a walk starts: a directory that is open, and what statx says of it. */
export interface Base {
  readonly fd: number;
  readonly path: Bytes;
  readonly stat: StatxBuffer;
  readonly rule: AgeRule;
  /** Whether the base itself gets its times back: not where it is about to go, too. */
  readonly restoresTimes: boolean;
  /** Whether the index of directories may be asked and told. */
  readonly indexing: boolean;
  readonly listener: WalkListener;
}

export interface WalkParts {
  readonly hands: WalkHands;
  readonly listener: WalkListener;
  readonly lines: LineIndex;
  readonly sources: (order: number) => Source | undefined;
  readonly sockets: () => ReadonlySet<Bytes> | undefined;
  readonly sharing?: Sharing | undefined;
  readonly lens?: Lens | undefined;
  readonly index?: DirectoryIndex | undefined;
  readonly stop?: StopFlag | undefined;
}

export function addTally(to: Tally, from: Tally): void {
  to.entries += from.entries;
  to.removed += from.removed;
  to.bytes += from.bytes;
  to.failed += from.failed;
  to.indexed += from.indexed;
  for (const [at, count] of from.kept.entries()) to.kept[at] = (to.kept[at] ?? 0) + count;
}
