/** The interface that receives what a walk does. */
import type { Bytes } from "../../base/bytes.js";
import type { InodeKind, KeepReason, WalkProgress } from "../../base/events.js";
import type { Errno } from "../../sys/ffi.js";

/**
 * Receives what a walk does. Kept entries are reported only if `wantsKept` or if they are too deep, removed ones only if
 * `wantsRemoved`.
 */
export interface WalkListener {
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  removed(path: Bytes, kind: InodeKind, bytes: number): void;
  kept(path: Bytes, kind: InodeKind, reason: KeepReason): void;
  failed(path: Bytes, errno: Errno, syscall: string, args: readonly string[]): void;
  /** Called from time to time, with the totals of this thread. */
  progress(progress: WalkProgress): void;
}
