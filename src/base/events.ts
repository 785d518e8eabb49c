/** The events that a run reports, and the interface that receives them. */
import type { Bytes } from "./bytes.js";
import type { Diagnostic } from "./errors.js";
import type { Nanoseconds } from "./time.js";

export type Operation = "create" | "remove" | "clean" | "purge";

/** A configuration line: its location and text. */
export interface Source {
  readonly file: Bytes;
  /** Counted from 1. */
  readonly line: number;
  readonly text: Bytes;
}

export type InodeKind =
  | "file"
  | "directory"
  | "subvolume"
  | "symlink"
  | "fifo"
  | "socket"
  | "character-device"
  | "block-device";

export type TimestampName = "atime" | "btime" | "ctime" | "mtime";

/** Why an entry is kept. `code` identifies the guard and is stable. */
export interface KeepReason {
  readonly code: KeepCode;
  /** `too-new`: the timestamp that decided, and when. */
  readonly timestamp?: TimestampName;
  readonly time?: Nanoseconds;
  /** `own-line`, `own-glob`: the line for this very path. */
  readonly by?: Source;
  /** Further detail, such as the errno of `unreadable`. */
  readonly detail?: string;
}

/** In the order in which the guards are evaluated. */
export type KeepCode =
  | "unreadable"
  | "mount-root"
  | "own-line"
  | "own-glob"
  | "lost+found"
  | "too-deep"
  | "unit-kept"
  | "sticky"
  | "quota-file"
  | "live-socket"
  | "device-node"
  | "locked"
  | "open"
  | "first-level"
  | "too-new"
  | "within-budget"
  | "not-empty"
  | "indexed";

/**
 * What happened to one path. `done` is false in a dry run. Only the effects know
 * the difference.
 */
export type Event =
  | {
      readonly type: "removed";
      readonly path: Bytes;
      readonly kind: InodeKind;
      /** On disk. */
      readonly bytes: number;
      readonly operation: Operation;
      /** True if the line names this path for removal (`r`, `R`, --purge), false for entries below it. */
      readonly target: boolean;
      readonly done: boolean;
      readonly source: Source;
    }
  | {
      readonly type: "kept";
      readonly path: Bytes;
      readonly kind: InodeKind;
      readonly reason: KeepReason;
      readonly source: Source;
    }
  | {
      readonly type: "created";
      readonly path: Bytes;
      readonly kind: InodeKind;
      readonly outcome: "new" | "existing" | "replaced" | "truncated" | "copied";
      /** The target of a symlink, or the source of a copy. */
      readonly target?: Bytes;
      /** True for a missing parent directory that was created for the line's path. */
      readonly implicit?: boolean;
      readonly done: boolean;
      readonly source: Source;
    }
  | {
      readonly type: "changed";
      readonly path: Bytes;
      readonly what:
        | "mode"
        | "owner"
        | "content"
        | "times"
        | "acl"
        | "xattr"
        | "attributes"
        | "capabilities"
        | "label";
      /** The new value in the usual notation: `0755`, `0:0`, `user.a=b`. */
      readonly value: string;
      readonly done: boolean;
      readonly source: Source;
    }
  /** One item failed at one path; the run continues. `tolerated`: the `-` modifier keeps it out of the exit status. */
  | {
      readonly type: "failed";
      readonly path: Bytes;
      readonly error: Error;
      readonly tolerated: boolean;
      readonly source: Source;
    }
  /** Not an error: a line or path that tmpfiles.d(5) says to skip. */
  | {
      readonly type: "skipped";
      readonly path: Bytes;
      readonly why: string;
      /** `warning` if the system lacks a feature that the line needs. */
      readonly severity: "warning" | "debug";
      readonly source: Source;
    }
  | { readonly type: "diagnostic"; readonly diagnostic: Diagnostic };

/** The progress of a run. */
export interface WalkProgress {
  /** Entries examined so far. */
  readonly entries: number;
  /** Entries removed so far; in a dry run, those that would be. */
  readonly removed: number;
  /** The directory being walked. */
  readonly path: Bytes;
}

export interface Reporter {
  /** Whether to report every kept entry; these are by far the most. Directories too deep to enter are always reported. */
  readonly wantsKept: boolean;
  /** Whether to report each removed entry; true if unset. Set it to false if their number is enough. */
  readonly wantsRemoved?: boolean;
  report(event: Event): void;
  /** Called periodically during a walk. */
  progress?(progress: WalkProgress): void;
  /** Called for each directory whose contents a line cleans, before its first entry is examined. */
  cleans?(directory: Bytes, source: Source): void;
}
