/** The interface of effects: all that changes the disk outside of walks. */
import type { Bytes } from "../../base/bytes.js";
import type { Event, InodeKind } from "../../base/events.js";
import type { Fd } from "../../sys/files.js";
import type { Cause } from "./cause.js";

/** Where an inode stands or shall stand: a name in an open directory. */
export interface EntryLocation {
  /** undefined where the directory is not there, which only a dry run goes on from. */
  readonly dir: Fd | undefined;
  readonly name: Bytes;
  readonly path: Bytes;
}

/** What is at a place now, opened with O_PATH unless its maker opened it otherwise. */
export interface CreateResult {
  readonly fd: Fd;
  /** False where it was made just now. */
  readonly existing: boolean;
}

/** Makes one inode; what it returns is kept open, for the inode to be adjusted without looking its name up again. */
export type CreateFunction = (dir: Fd, name: Bytes) => Fd | undefined;

export interface CreateRequest {
  readonly kind: InodeKind;
  /** Of a symlink and a copy. */
  readonly target?: Bytes;
  /** How it is reported where it was not there; "new" unless said otherwise. */
  readonly outcome?: "copied";
  /** The errors for which a look decides whether all is well: what was wanted may be there already. All if undefined. */
  readonly tolerated?: readonly string[];
  readonly make: CreateFunction;
  /** Of a file: its mode. It can be made without a name. */
  readonly fileMode?: number;
  /** Content: without it a new inode does not appear. */
  readonly fill?: (fd: Fd) => void;
  /** Owner and mode of a new inode: set before it appears. */
  readonly adjust?: (fd: Fd) => void;
  /** Of what changes an inode that is there already, as a copy into a directory does: whether it would. */
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
   * The directory that `path` lies in, resolved safely. With `parents` at "make" those that are missing are made, 0755
   * and of the process's owner; with the `=` modifier what has the wrong type on the way is replaced by directories.
   */
  openParent(cause: Cause, path: Bytes, parents: "make" | "must-exist"): EntryLocation & Disposable;

  /** Removes what is at the place where its file type (S_IFMT bits) is not `type`: the `=` modifier. */
  removeWrongType(cause: Cause, location: EntryLocation, type: number): void;

  /** Opens what is at the place (a dry run with O_PATH), or nothing where nothing is there. */
  open(location: EntryLocation, flags: number): Fd | undefined;

  /** Makes it, filled and adjusted, if it is missing. undefined in a dry run, where there is nothing to hold yet. */
  make(cause: Cause, location: EntryLocation, request: CreateRequest): CreateResult | undefined;

  /** Puts it in the place of whatever is there, at once where the kernel can, else after removing that. */
  replace(cause: Cause, location: EntryLocation, request: CreateRequest): CreateResult | undefined;

  /** Reports that what an item wants was there already. */
  found(cause: Cause, location: EntryLocation, kind: InodeKind, target?: Bytes): void;

  /** Adjusts an inode. `value` is the new value as a person writes it. */
  change(cause: Cause, path: Bytes, what: AttributeChange, value: string, act: () => void): void;
}
