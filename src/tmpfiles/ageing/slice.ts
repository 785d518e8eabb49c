/** A part of a directory's entries, for another thread. */
import type { Bytes } from "../../base/bytes.js";
import type { Errno, FdNumber } from "../../sys/ffi.js";
import type { AgeRule } from "./age-rule.js";
import type { Seen } from "./directory-index.js";

/** Some entries of a directory, for another thread. The offloading thread keeps the directory open and locked until they are done. */
export interface Slice {
  readonly fd: FdNumber;
  readonly path: Bytes;
  readonly depth: number;
  readonly rule: AgeRule;
  readonly atMountTop: boolean;
  readonly indexing: boolean;
  readonly filesKnown: boolean;
}

/** The result of slices of a directory. */
export interface SliceResult {
  /** The number of kept entries, and the name of one. */
  readonly stays: number;
  readonly firstKeptChild: Bytes | undefined;
  /** Whether an entry was removed. */
  readonly changed: boolean;
  /** The last failure. */
  readonly status: Errno;
  /** Whether the notes for the index are complete. */
  readonly notable: boolean;
  readonly seen: Seen;
}
