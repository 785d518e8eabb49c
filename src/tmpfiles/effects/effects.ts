/** The interface of effects: every change to the disk outside of walks. */
import type { Bytes } from "../../base/bytes.js";
import type { Event, InodeKind } from "../../base/events.js";
import type { Fd } from "../../sys/files.js";
import type { Cause } from "./cause.js";

/** The location of an existing or future inode: a name in an open directory. */
export interface EntryLocation {
  /** Undefined if the directory does not exist, which only a dry run permits. */
  readonly dir: Fd | undefined;
  readonly name: Bytes;
  readonly path: Bytes;
}

/** The inode at a location, opened with O_PATH unless the function that created it opened it otherwise. */
export interface CreateResult {
  readonly fd: Fd;
  /** False if it was just created. */
  readonly existing: boolean;
}

/** Creates one inode. The result stays open, so that the inode is adjusted without another lookup of its name. */
export type CreateFunction = (dir: Fd, name: Bytes) => Fd | undefined;

export interface CreateRequest {
  readonly kind: InodeKind;
  /** The target of a symlink, the source of a copy. */
  readonly target?: Bytes;
  /** The outcome to report if it did not exist; "new" by default. */
  readonly outcome?: "copied";
  /** The errors after which the existing inode is checked, since it may already be the desired one. All if undefined. */
  readonly tolerated?: readonly string[];
  readonly make: CreateFunction;
  /** For a file: its mode. It can be created without a name. */
  readonly fileMode?: number;
  /** Writes the content before a new inode becomes visible. */
  readonly fill?: (fd: Fd) => void;
  /** Sets owner and mode before a new inode becomes visible. */
  readonly adjust?: (fd: Fd) => void;
  /** For a function that changes an existing inode, such as a copy into a directory: whether it would. */
  readonly addsTo?: (existing: Fd) => boolean;
}

export type AttributeChange = Extract<Event, { type: "changed" }>["what"];

/**
 * The real effects change the disk and report what they did; those of a dry run only report it. Nothing else
 * in the engine knows which of the two it has.
 */
export interface Effects {
  readonly acts: boolean;

  /**
   * Resolves the parent directory of `path` safely. With `parents` at "make", creates missing ones, with mode 0755 and the
   * process's owner; with the `=` modifier, replaces inodes of the wrong type on the path by directories.
   */
  openParent(cause: Cause, path: Bytes, parents: "make" | "must-exist"): EntryLocation & Disposable;

  /** Removes the existing inode if its file type (S_IFMT bits) is not `type`: the `=` modifier. */
  removeWrongType(cause: Cause, location: EntryLocation, type: number): void;

  /** Opens the existing inode (with O_PATH in a dry run); undefined if there is none. */
  open(location: EntryLocation, flags: number): Fd | undefined;

  /** Creates the inode with content and owner if it is missing. Undefined in a dry run. */
  make(cause: Cause, location: EntryLocation, request: CreateRequest): CreateResult | undefined;

  /** Replaces the existing inode: atomically if the kernel can, otherwise after removing it. */
  replace(cause: Cause, location: EntryLocation, request: CreateRequest): CreateResult | undefined;

  /** Reports that the item's inode already exists. */
  found(cause: Cause, location: EntryLocation, kind: InodeKind, target?: Bytes): void;

  /** Adjusts an inode. `value` is the new value in its usual notation, for the report. */
  change(cause: Cause, path: Bytes, what: AttributeChange, value: string, act: () => void): void;
}
