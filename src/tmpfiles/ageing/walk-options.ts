/** What a walk is started with. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
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

/** Where a walk starts: a directory that is open, and what statx says of it. */
export interface Base {
  readonly fd: number;
  readonly path: Bytes;
  readonly stat: StatxBuffer;
  readonly rule: AgeRule;
  /** How far it is below the base of the line, if it is not that base. */
  readonly depth?: number;
  /** Whether the base itself gets its times back: not where it is about to go, too. */
  readonly restoresTimes: boolean;
  /** Whether the index of directories may be asked and told. */
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
