/** The interfaces through which the guards see an entry and the host. */
import type { Bytes } from "../../base/bytes.js";
import type { KeepReason } from "../../base/events.js";
import type { StatxBuffer } from "../../sys/scan.js";
import type { AgeRule } from "./age-rule.js";
import type { LinesBelow } from "./line-index.js";

/** What the entries of one directory have in common. */
export interface DirectoryContext {
  readonly path: Bytes;
  /** How far below the base: 0 for the base itself. */
  readonly depth: number;
  /** Whether the directory is the base of the walk and a mount root too. */
  readonly atMountTop: boolean;
  readonly lines: LinesBelow;
  readonly rule: AgeRule;
}

/** One entry, as the guards see it. A walk reuses one object for all entries. */
export interface EntryContext {
  readonly within: DirectoryContext;
  readonly stat: StatxBuffer;
  name(): Bytes;
  /** For a directory: opens it to list it; returns the name of the errno if that fails. */
  unreadable(): string | undefined;
  /**
   * Whether another process holds a flock(2) on it, or may hold one. A walk that removes takes and holds the lock if it is
   * free; one that only looks probes it.
   */
  isLocked(): boolean;
  /** The name of the errno if `isLocked` could not find that out. */
  lockError(): string | undefined;
  /** What keeps an open directory that is removed only as a whole. */
  unitKeeper(): Detail | undefined;
  /** How many entries of a directory are kept; known after it was walked. */
  readonly remaining: number;
  /** The name of one kept entry. */
  firstKeptChild(): Bytes | undefined;
}

/** What the guards need to know besides the entry. */
export interface Environment {
  /** Paths of live Unix sockets; if undefined, every socket is treated as live. */
  sockets(): ReadonlySet<Bytes> | undefined;
  /** Why a socket must be treated as live that `sockets` does not list: a use in another namespace, or one that is unknown. */
  socketUse(entry: EntryContext): string | undefined;
  /** Whether a process uses it: has it open or mapped, runs it, or works in it. */
  open(entry: EntryContext): boolean;
  /** The location of a line for this very entry. */
  source(order: number): KeepReason["by"];
}

export type Detail = Omit<KeepReason, "code">;
