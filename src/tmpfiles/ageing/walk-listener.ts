/** The interface that receives what a walk does. */
import type { Bytes } from "../../base/bytes.js";
import type { InodeKind, KeepReason, WalkProgress } from "../../base/events.js";

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
