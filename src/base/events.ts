/** What a run reports: events, and who receives them. */
import type { Bytes } from "./bytes.js";
import type { Diagnostic } from "./errors.js";
import type { Nanoseconds } from "./time.js";

export type Operation = "create" | "remove" | "clean" | "purge";

/** A written line: where it stands and what it says. */
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

/** Why an entry stays: one guard's word. `code` is the guard's, and stable. */
export interface KeepReason {
  readonly code: KeepCode;
  /** `too-new`: the timestamp that decided, and when. */
  readonly timestamp?: TimestampName;
  readonly time?: Nanoseconds;
  /** `own-line`, `own-glob`: the line that the entry has of its own. */
  readonly by?: Source;
  /** What else there is to say, as the errno of `unreadable`. */
  readonly detail?: string;
}

/** In the order in which the guards are asked. */
export type KeepCode =
  | "unreadable"
  | "mount-root"
  | "own-line"
  | "own-glob"
  | "lost+found"
  | "too-deep"
  | "sticky"
  | "quota-file"
  | "live-socket"
  | "device-node"
  | "locked"
  | "first-level"
  | "too-new"
  | "not-empty"
  | "indexed";

/**
 * What happened to one path. `done` is false where a dry run only says what it would do; nothing but the hands knows
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
      /** True where the line itself removes this path (`r`, `R`, --purge), false for what lies below its path. */
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
      /** Of a symlink and a copy. */
      readonly target?: Bytes;
      /** A parent directory that no line asked for, but that one needed. */
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
      /** The new value as a person writes it: `0755`, `0:0`, `user.a=b`. */
      readonly value: string;
      readonly done: boolean;
      readonly source: Source;
    }
  /** One item failed at one path; the others go on. `tolerated` by the `-` modifier: the exit status does not tell. */
  | {
      readonly type: "failed";
      readonly path: Bytes;
      readonly error: Error;
      readonly tolerated: boolean;
      readonly source: Source;
    }
  /** Not an error: a line or a path that was passed over as the specification has it. */
  | {
      readonly type: "skipped";
      readonly path: Bytes;
      readonly why: string;
      /** A warning where what the line asks for is not there for it. */
      readonly severity: "warning" | "debug";
      readonly source: Source;
    }
  | { readonly type: "diagnostic"; readonly diagnostic: Diagnostic };

/** How far a run is. */
export interface WalkProgress {
  /** Entries that were looked at. */
  readonly entries: number;
  /** Entries that were removed, or would be in a dry run. */
  readonly removed: number;
  /** The directory in which the walk is. */
  readonly path: Bytes;
}

export interface Reporter {
  /** Kept entries are by far the most: those that lie too deep to be entered are always reported, the others if this is set. */
  readonly wantsKept: boolean;
  /** Removed entries may be many, too: false where their number is enough. They are told where it is not set. */
  readonly wantsRemoved?: boolean;
  report(event: Event): void;
  /** Called now and then while a walk goes on. */
  progress?(progress: WalkProgress): void;
  /** Called for each directory whose contents a line cleans, before the first of its entries is looked at. */
  cleans?(directory: Bytes, source: Source): void;
}
