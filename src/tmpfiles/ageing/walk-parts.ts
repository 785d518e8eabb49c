import type { Bytes } from "../../base/bytes.js";
import type { InodeKind, KeepReason, Source } from "../../base/events.js";
import type { StatxBuffer } from "../../sys/scan.js";
import type { DirectoryIndex } from "./directory-index.js";
import { type AgeRule, GUARDS } from "./guards.js";
import type { Lens } from "./lens.js";
import type { Level } from "./level.js";
import type { LineIndex } from "./line-index.js";
import type { Walk } from "./walk.js";
import type { WalkHands } from "./walk-hands.js";

/** Told of what a walk does. Kept entries are told only where `wantsKept`, removed ones only where `wantsRemoved`. */
export interface WalkListener {
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  removed(path: Bytes, kind: InodeKind, bytes: number): void;
  kept(path: Bytes, kind: InodeKind, reason: KeepReason): void;
  failed(path: Bytes, errno: number, syscall: string, args: readonly string[]): void;
  /** Now and then, with the entries that this thread has seen so far. */
  progress(entries: number): void;
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
  /** Takes the directory that `level` looks at, open and locked, off the walk's hands; false where nobody wants it. */
  offer(level: Level, entries: number): boolean;
  /** Waits until all directories that `level` gave away are done. */
  collect(level: Level, walk: Walk): Joined;
}

/** What directories that other threads walked came to, to the directory that they lie in. */
export interface Joined {
  /** How many of them stay, and the name of one. */
  readonly stays: number;
  readonly blocker: Bytes | undefined;
  /** Whether any of them went. */
  readonly changed: boolean;
  /** Of the last one. */
  readonly status: number;
}

/** A directory that was handed over: open, locked, and perhaps to be removed after its entries. */
export interface Handed {
  readonly fd: number;
  /** The directory that it lies in, and its name there. */
  readonly dirFd: number;
  readonly nameAddress: number;
  readonly path: Bytes;
  /** Of the directory that it lies in. */
  readonly depth: number;
  readonly rule: AgeRule;
  readonly indexing: boolean;
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
}

export function addTally(to: Tally, from: Tally): void {
  to.entries += from.entries;
  to.removed += from.removed;
  to.bytes += from.bytes;
  to.failed += from.failed;
  to.indexed += from.indexed;
  for (const [at, count] of from.kept.entries()) to.kept[at] = (to.kept[at] ?? 0) + count;
}
