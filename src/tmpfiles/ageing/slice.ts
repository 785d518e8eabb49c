/** A part of a directory's entries, for another thread. */
import type { Bytes } from "../../base/bytes.js";
import type { AgeRule } from "./age-rule.js";
import type { Seen } from "./directory-index.js";

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
export interface SliceResult {
  /** How many entries stay, and the name of one. */
  readonly stays: number;
  readonly firstKeptChild: Bytes | undefined;
  /** Whether any of them went. */
  readonly changed: boolean;
  /** Of the last one that failed. */
  readonly status: number;
  /** What the index may be told, if it may. */
  readonly notable: boolean;
  readonly seen: Seen;
}
