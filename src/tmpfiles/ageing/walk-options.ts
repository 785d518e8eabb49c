/** The arguments and the result of a walk. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
import type { Errno, FdNumber } from "../../sys/ffi.js";
import type { OpenFiles } from "../../sys/open-files.js";
import type { StatxBuffer } from "../../sys/scan.js";
import type { AgeRule } from "./age-rule.js";
import type { DirectoryIndex } from "./directory-index.js";
import type { LineIndex } from "./line-index.js";
import type { Scheduler } from "./scheduler.js";
import type { Sockets } from "./sockets.js";
import type { WalkEffects } from "./walk-effects.js";
import type { WalkListener } from "./walk-listener.js";
import type { WalkObserver } from "./walk-observer.js";

/** Where a walk starts: an open directory and its stat. */
export interface Base {
  readonly fd: FdNumber;
  readonly path: Bytes;
  readonly stat: StatxBuffer;
  readonly rule: AgeRule;
  /** How far it is below the base of the line, if it is not that base. */
  readonly depth?: number;
  /** Whether to restore the times of the base: not if it will be removed too. */
  readonly restoresTimes: boolean;
  /** Whether to use and update the directory index. */
  readonly indexing: boolean;
  readonly listener: WalkListener;
}

export interface WalkParts {
  readonly effects: WalkEffects;
  readonly listener: WalkListener;
  readonly lines: LineIndex;
  readonly sources: (order: number) => Source | undefined;
  readonly sockets: Sockets;
  readonly openFiles: OpenFiles;
  readonly scheduler?: Scheduler | undefined;
  readonly observer?: WalkObserver | undefined;
  readonly index?: DirectoryIndex | undefined;
  readonly stop?: StopFlag | undefined;
}

/** The result of a walk below one path. */
export interface WalkResult {
  /** A failure that affects the exit status. */
  readonly status: Errno;
  /** The number of kept entries of the base. */
  readonly stays: number;
}
